// One camera of Review, in step with the others.

import { ScanSearch, X } from "lucide-react";
import { type RefObject, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { PlaybackPlayer, SyncClock } from "../../media";
import { IconButton } from "../../parts/button";
import { PlaybackWord } from "../../parts/clip/playback-word";
import { usePlayback } from "../../parts/clip/use-playback";
import { EnhancedPicture, EnhanceToggle } from "../../parts/tile/enhanced";
import { useEnhanced } from "../../parts/tile/use-enhanced";
import styles from "./review.module.css";

/** What of a camera is needed here. */
export interface Shown {
  id: string;
  name: string;
}

interface ReviewTileProps {
  camera: Shown;
  clock: SyncClock | null;
  stream: "auto" | "main";
  players: Map<string, RefObject<PlaybackPlayer | null>>;
  onEnhance: () => void;
  onRemove?: () => void;
}

export function ReviewTile({ camera, clock, stream, players, onEnhance, onRemove }: ReviewTileProps) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const { state, player } = usePlayback(video, camera.id, stream, clock);
  useEffect(() => {
    players.set(camera.id, player);
    return () => void players.delete(camera.id);
  }, [players, camera.id, player]);
  const hasPicture = state.state === "playing" || state.state === "paused" || state.state === "loading";
  const enhanced = useEnhanced(video, camera.id, player, hasPicture);
  return (
    <figure
      className={styles["tile"]}
      aria-label={[camera.name, ...(enhanced.state?.word === "on" ? [t("tile.enhanced.label")] : [])].join(", ")}
      data-camera={camera.id}
      data-state={state.state}
      data-enhanced={enhanced.state?.word}
    >
      <video ref={video} muted playsInline data-visible={hasPicture || undefined} />
      <EnhancedPicture enhanced={enhanced} />
      <PlaybackWord state={state} camera={camera.id} clock={clock} />
      <figcaption className={styles["tileName"]}>
        <span className="truncate">{camera.name}</span>
        {hasPicture ? (
          <>
            <EnhanceToggle enhanced={enhanced} />
            <IconButton small label={t("enhance.open")} hotkey="S" onPress={onEnhance}>
              <ScanSearch size={14} aria-hidden />
            </IconButton>
          </>
        ) : null}
        {onRemove ? (
          <IconButton small label={t("review.removeCamera")} onPress={onRemove}>
            <X size={14} aria-hidden />
          </IconButton>
        ) : null}
      </figcaption>
    </figure>
  );
}
