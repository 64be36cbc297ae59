// A short piece of one camera's footage that plays by itself and over again: the clip of an event.

import { Pause, Play, RotateCcw } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { formatClock } from "../../lib/format";
import { IconButton } from "../button";
import styles from "./clip.module.css";
import { PlaybackWord } from "./playback-word";
import { useClock, useEachFrame, usePlayback } from "./use-playback";

interface ClipProps {
  camera: string;
  fromMs: number;
  toMs: number;
  poster?: string | undefined;
  label: string;
}

export function Clip({ camera, fromMs, toMs, poster, label }: ClipProps) {
  const { t, i18n } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const bar = useRef<HTMLSpanElement>(null);
  const time = useRef<HTMLSpanElement>(null);
  const { clock, face } = useClock();
  const { state } = usePlayback(video, camera, "auto", clock);

  useEffect(() => {
    clock?.seek(fromMs);
    clock?.play();
  }, [clock, fromMs]);

  useEachFrame(clock, (nowMs) => {
    if (nowMs >= toMs && clock?.isPlaying) clock.pause();
    const share = Math.min(1, Math.max(0, (nowMs - fromMs) / (toMs - fromMs)));
    if (bar.current) bar.current.style.transform = `scaleX(${share})`;
    if (time.current) time.current.textContent = formatClock(Math.min(nowMs, toMs), i18n.language);
  });

  const toggle = () => {
    if (!clock) return;
    if (clock.isPlaying) clock.pause();
    else {
      if (clock.nowMs >= toMs - 50) clock.seek(fromMs);
      clock.play();
    }
  };
  return (
    <figure className={styles["clip"]} aria-label={label}>
      <div className={styles["stage"]}>
        {poster ? <img className={styles["poster"]} src={poster} alt="" /> : null}
        <video
          ref={video}
          className={styles["video"]}
          muted
          playsInline
          data-ready={state.state === "playing" || state.state === "paused" || undefined}
        />
        <PlaybackWord state={state} camera={camera} clock={clock} />
      </div>
      <div className={styles["controls"]}>
        <IconButton small label={face.isPlaying ? t("review.pause") : t("review.play")} onPress={toggle}>
          {face.isPlaying ? <Pause size={15} aria-hidden /> : <Play size={15} aria-hidden />}
        </IconButton>
        <IconButton
          small
          label={t("alarms.replay")}
          onPress={() => {
            clock?.seek(fromMs);
            clock?.play();
          }}
        >
          <RotateCcw size={15} aria-hidden />
        </IconButton>
        <span className={styles["track"]} aria-hidden>
          <span ref={bar} />
        </span>
        <span ref={time} className={styles["time"]} />
      </div>
    </figure>
  );
}
