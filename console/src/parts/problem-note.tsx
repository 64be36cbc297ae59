// A failure in words: what failed, why, what to do, and an id that can be copied for whoever helps.

import { CircleAlert, Copy } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Problem } from "../api/problem";
import styles from "./problem-note.module.css";
import { useProblemWords } from "./problem-words";

export function ProblemNote({ error, what }: { error: unknown; what?: string }) {
  const { t } = useTranslation();
  const words = useProblemWords(error);
  const id = error instanceof Problem ? [error.code, error.requestId].filter(Boolean).join(" · ") : "";
  return (
    <div className={styles["note"]} role="alert">
      <CircleAlert size={16} aria-hidden />
      <div className={styles["words"]}>
        <span className={styles["what"]}>{what ?? words.what}</span>
        {words.why && words.why !== what ? <span>{words.why}</span> : null}
        {words.hint ? <span className="muted">{words.hint}</span> : null}
        {id ? (
          <button type="button" className={styles["id"]} onClick={() => void navigator.clipboard?.writeText(id)}>
            <span className="mono">{id}</span>
            <Copy size={12} aria-hidden />
            <span className="visually-hidden">{t("common.copy")}</span>
          </button>
        ) : null}
      </div>
    </div>
  );
}
