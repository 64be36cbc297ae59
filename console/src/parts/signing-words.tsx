// Whether a camera signs its video, with whose key, and whether the footage is what it signed: a badge and a sentence.

import { useTranslation } from "react-i18next";
import { formatMoment } from "../lib/format";
import { Badge, type Tone } from "./misc";

export interface Signing {
  result: "valid" | "partly" | "invalid" | "unsigned" | "unchecked";
  subject: string;
  fingerprint: string;
  vouched: boolean;
  first_fault?: string | null;
}

const TONES: Record<Signing["result"], Tone> = {
  valid: "good",
  partly: "warn",
  invalid: "bad",
  unsigned: "neutral",
  unchecked: "neutral",
};

export function SigningWords({ signing }: { signing: Signing }) {
  const { t, i18n } = useTranslation();
  const words: string[] = [];
  if (signing.first_fault && signing.result !== "valid") {
    words.push(t("signing.since", { at: formatMoment(Date.parse(signing.first_fault), Date.now(), i18n.language) }));
  }
  if (signing.subject)
    words.push(t(signing.vouched ? "signing.by" : "signing.byUnknown", { subject: signing.subject }));
  return (
    <span title={signing.fingerprint || undefined}>
      <Badge tone={TONES[signing.result]}>{t(`signing.results.${signing.result}`)}</Badge>{" "}
      {words.length > 0 ? <span className="muted">{words.join(" · ")}</span> : null}
    </span>
  );
}
