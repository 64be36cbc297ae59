// What a playing picture says when it has none: loading, a gap and why, the end, a failure (with single pictures, where
// the browser cannot play what the server can decode).

import { CircleAlert, EyeOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { PlaybackState, SyncClock } from "../../media";
import { useCodeWords } from "../problem-words";
import { useWords } from "../words";
import styles from "./clip.module.css";
import { Still } from "./still";

interface PlaybackWordProps {
  state: PlaybackState;
  camera: string;
  clock: SyncClock | null;
}

export function PlaybackWord({ state, camera, clock }: PlaybackWordProps) {
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
  const hasStill = state.state === "unsupported" && clock !== null;
  return (
    <>
      {hasStill ? <Still camera={camera} clock={clock} /> : null}
      <div className={styles["word"]} role="alert" data-kind={hasStill ? "still" : undefined}>
        <CircleAlert size={16} aria-hidden />
        <strong>
          {known.reason ||
            state.reason ||
            (state.state === "unsupported" ? t("review.unsupported") : t("review.failed"))}
        </strong>
        <p>{known.hint || state.hint}</p>
      </div>
    </>
  );
}
