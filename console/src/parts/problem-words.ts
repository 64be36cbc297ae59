// Words for a failure in the reader's language: by its stable code where a translation exists, else the server's own.

import { useTranslation } from "react-i18next";
import { Problem } from "../api/problem";

export interface ProblemWords {
  what: string;
  why: string;
  hint: string;
}

export function useProblemWords(error: unknown): ProblemWords {
  const { t } = useTranslation();
  const say = useCodeWords();
  if (!(error instanceof Problem)) {
    return {
      what: t("problem.unexpected"),
      why: error instanceof Error ? error.message : "",
      hint: t("problem.reload"),
    };
  }
  const known = say(error.code);
  const fields = error.errors.map((field) => field.message).join(" ");
  return {
    what: known.reason || error.detail || error.title,
    why: known.reason ? error.detail : fields,
    hint: known.hint || error.hint,
  };
}

/** Translation of a stable code, empty where there is none: the server's English then stands. */
export function useCodeWords(): (code: string) => { reason: string; hint: string } {
  const { t, i18n } = useTranslation();
  return (code) => {
    const key = `codes.${code}`;
    if (!code || !i18n.exists(`${key}.reason`)) return { reason: "", hint: "" };
    const translate = t as unknown as (name: string) => string;
    const hint = i18n.exists(`${key}.hint`) ? translate(`${key}.hint`) : "";
    return { reason: translate(`${key}.reason`), hint };
  };
}
