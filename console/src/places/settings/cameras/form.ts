// The form of a camera as text, and what it means to the server. Pure.

import type { Camera, CameraInput, ProbeInput } from "../../../api/types";

export interface CameraForm {
  name: string;
  group: string;
  mainUrl: string;
  subUrl: string;
  user: string;
  /** Empty means: keep the one there is. */
  password: string;
  record: Camera["record"];
  transport: Camera["main"]["transport"];
  checksCertificate: boolean;
  /** Authority that signed the camera's certificate, as PEM text; empty: the system's. */
  caPem: string;
  isEnabled: boolean;
  detector: string;
  /** What is looked at more closely: see RECOGNITION. */
  recognize: readonly string[];
  /** The operator's own sets that are told of people and vehicles. */
  categories: readonly string[];
}

/** Faces are biometric data: never on unless somebody switches them on for this camera. */
export const RECOGNITION = ["attributes", "plates", "appearance", "faces"] as const;

/** The list with one name put in or taken out, in a fixed order. Pure. */
export const switchRecognition = (list: readonly string[], name: string, isOn: boolean): string[] =>
  RECOGNITION.filter((one) => (one === name ? isOn : list.includes(one)));

export const EMPTY_FORM: CameraForm = {
  name: "",
  group: "",
  mainUrl: "",
  subUrl: "",
  user: "",
  password: "",
  record: "main",
  transport: "auto",
  checksCertificate: true,
  caPem: "",
  isEnabled: true,
  detector: "auto",
  recognize: ["attributes", "plates"],
  categories: [],
};

export function formOf(camera: Camera): CameraForm {
  return {
    name: camera.name,
    group: camera.group,
    mainUrl: camera.main.url,
    subUrl: camera.sub?.url ?? "",
    user: camera.user,
    password: "",
    record: camera.record,
    transport: camera.main.transport,
    checksCertificate: camera.main.verify_tls,
    caPem: camera.main.ca_pem,
    isEnabled: camera.enabled,
    detector: camera.analysis.detector,
    recognize: camera.analysis.recognize,
    categories: camera.analysis.categories,
  };
}

export type FormFault = "nameMissing" | "urlMissing" | "urlWrong" | "subWrong" | "subNeeded";

const SCHEMES = /^(rtsp|rtsps|http|https|file|mjpeg):\/\/[^\s/]/i;

/** What is wrong before the server is asked, by field. */
export function faultsOf(form: CameraForm): Partial<Record<"name" | "mainUrl" | "subUrl" | "record", FormFault>> {
  const faults: ReturnType<typeof faultsOf> = {};
  if (form.name.trim() === "") faults.name = "nameMissing";
  if (form.mainUrl.trim() === "") faults.mainUrl = "urlMissing";
  else if (!SCHEMES.test(form.mainUrl.trim())) faults.mainUrl = "urlWrong";
  if (form.subUrl.trim() !== "" && !SCHEMES.test(form.subUrl.trim())) faults.subUrl = "subWrong";
  if (form.subUrl.trim() === "" && (form.record === "sub" || form.record === "both")) faults.record = "subNeeded";
  return faults;
}

/** Takes a login out of a pasted address, as cameras' manuals print it: rtsp://user:password@host/… */
export function splitLogin(url: string): { url: string; user: string; password: string } | null {
  const match = /^([a-z]+:\/\/)([^:@/]+)(?::([^@/]*))?@(.+)$/i.exec(url.trim());
  if (!match) return null;
  const [, scheme = "", user = "", password = "", rest = ""] = match;
  return { url: `${scheme}${rest}`, user: safeDecode(user), password: safeDecode(password) };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone % is part of the password
  }
}

export function bodyOf(form: CameraForm, before: Camera | null): CameraInput {
  const stream = { transport: form.transport, verify_tls: form.checksCertificate, ca_pem: form.caPem.trim() };
  const analysis = before?.analysis ?? { classes: [], fps: 15, stream: "sub" as const };
  const hasSub = form.subUrl.trim() !== "";
  return {
    name: form.name.trim(),
    group: form.group.trim(),
    enabled: form.isEnabled,
    main: { url: form.mainUrl.trim(), ...stream },
    sub: hasSub ? { url: form.subUrl.trim(), ...stream } : null,
    user: form.user.trim(),
    record: form.record,
    analysis: {
      ...analysis,
      stream: hasSub ? analysis.stream : "main",
      detector: form.detector,
      recognize: [...form.recognize],
      categories: [...form.categories],
    },
    ...(form.password === "" ? {} : { password: form.password }),
  } as CameraInput;
}

export function probeOf(form: CameraForm): ProbeInput {
  return {
    url: form.mainUrl.trim(),
    user: form.user.trim(),
    password: form.password,
    transport: form.transport,
    verify_tls: form.checksCertificate,
    ca_pem: form.caPem.trim(),
  };
}
