// What pictures show: one request a picture, the file as its body.

import { useMutation } from "@tanstack/react-query";
import { useServices } from "./context";
import { urlOf } from "./http";
import { Problem, problemFrom } from "./problem";
import type { Classified } from "./types";

export function useClassify() {
  const { http } = useServices();
  return useMutation({ mutationFn: (picture: Blob) => look(urlOf("/classify", { top: 3 }), picture, http.csrf) });
}

/** Posts a picture to whoever says what it shows. */
export async function look(url: string, picture: Blob, csrf: string): Promise<Classified> {
  const headers = { "Content-Type": picture.type || "application/octet-stream", "X-CSRF-Token": csrf };
  const answer = await fetch(url, { method: "POST", headers, body: picture }).catch(() => {
    throw new Problem(0, "server_away", "The server does not answer", "");
  });
  const body: unknown = await answer.json().catch(() => null);
  if (!answer.ok) throw problemFrom(answer.status, body, answer.headers.get("X-Request-ID") ?? "");
  return body as Classified;
}
