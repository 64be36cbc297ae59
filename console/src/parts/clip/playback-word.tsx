// What a playing picture says when it has none: loading, a gap and why, the end, a failure.

import { CircleAlert, EyeOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { PlaybackState } from "../../media";
import { useCodeWords } from "../problem-words";
import { useWords } from "../words";
import styles from "./clip.module.css";

export function PlaybackWord({ state }: { state: PlaybackState }) {
  const { t } = useTranslation();
  const words = useWords();
  const say = useCodeWords();
  if (state.isMasked && (state.state === "playing" || state.state === "paused")) {
    return (
      <span className={styles["masked"]} title={t("tile.maskedHint")}>
        <EyeOff size={12} aria-hidden />
        {t("tile.masked")}
      </span>
    );
  }
  if (state.state === "idle" || state.state === "playing" || state.state === "paused") return null;
  if (state.state === "loading") {
    return (
      <span className={styles["loading"]}>
        <span className="visually-hidden">{t("review.loading")}</span>
      </span>
    );
  }
  if (state.state === "gap") {
    const reason = state.gap ? words.gap(state.gap.reason) : "";
    return (
      <div className={styles["word"]} data-kind="gap">
        <strong>{reason ? t("review.noFootageReason", { reason }) : t("review.noFootage")}</strong>
      </div>
    );
  }
  if (state.state === "ended") {
    return (
      <div className={styles["word"]}>
        <strong>{t("review.ended")}</strong>
      </div>
    );
  }
  const known = say(state.code);
  return (
    <div className={styles["word"]} role="alert">
      <CircleAlert size={16} aria-hidden />
      <strong>
        {known.reason || state.reason || (state.state === "unsupported" ? t("review.unsupported") : t("review.failed"))}
      </strong>
      <p>{known.hint || state.hint}</p>
    </div>
  );
}
