// One camera, live. The picture is the content; chrome comes on hover or focus, words when the picture is not of now.

import {
  Camera as CameraIcon,
  CircleAlert,
  EyeOff,
  History,
  Maximize2,
  Minimize2,
  TriangleAlert,
  Volume2,
  X,
} from "lucide-react";
import { type DragEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import { urlOf } from "../../api/http";
import type { Camera } from "../../api/types";
import { formatClock, formatMoment } from "../../lib/format";
import type { LivePlayer } from "../../media";
import { classes, IconButton } from "../button";
import { useCodeWords } from "../problem-words";
import { Boxes } from "./boxes";
import { EnhancedPicture, EnhanceToggle } from "./enhanced";
import styles from "./tile.module.css";
import { recordStateOf, type Truth, truthOf } from "./truth";
import { type Enhanced, useEnhanced } from "./use-enhanced";
import { useLive } from "./use-live";

export const DRAG_TYPE = "application/x-vedette-camera";

interface LiveTileProps {
  camera: Camera;
  isMaximised: boolean;
  showsBoxes: boolean;
  onMaximise?: () => void;
  onRemove?: () => void;
  onReview?: (wallMs: number) => void;
  onDropCamera?: (camera: string) => void;
}

export function LiveTile({ camera, isMaximised, showsBoxes, ...on }: LiveTileProps) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const { state, stats, player } = useLive(video, camera.id, isMaximised ? "main" : "auto", isMaximised);
  const truth = truthOf(state, stats?.latencyMs ?? null, camera.enabled);
  const stateWords = useStateWords(truth);
  const enhanced = useEnhanced(video, camera.id, player, truth.name === "live");
  const isEnhanced = enhanced.state?.word === "on";
  const drop = useDrop(on.onDropCamera);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a tile is a group of a picture and its actions, not a fieldset
    <div
      className={classes(styles["tile"], truth.isDimmed && styles["dim"])}
      role="group"
      aria-label={[camera.name, stateWords, ...(isEnhanced ? [t("tile.enhanced.label")] : [])].join(", ")}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: Enter on a tile maximises it
      tabIndex={0}
      data-state={truth.name}
      data-camera={camera.id}
      data-enhanced={enhanced.state?.word}
      onDoubleClick={on.onMaximise}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === "e") enhanced.setWanted(!enhanced.isWanted);
        if (event.key !== "Enter") return;
        event.preventDefault();
        on.onMaximise?.();
      }}
      draggable={on.onDropCamera !== undefined}
      onDragStart={(event) => event.dataTransfer.setData(DRAG_TYPE, camera.id)}
      {...drop}
    >
      <LastPicture camera={camera} truth={truth} />
      <video ref={video} className={styles["video"]} muted playsInline autoPlay aria-hidden />
      <EnhancedPicture enhanced={enhanced} />
      {truth.name === "connecting" && stats === null ? <div className={styles["skeleton"]} /> : null}
      {showsBoxes && truth.name === "live" ? (
        <Boxes camera={camera.id} player={player} width={stats?.width ?? 0} height={stats?.height ?? 0} />
      ) : null}
      {stats?.isMasked && truth.name === "live" ? (
        <span className={styles["masked"]} title={t("tile.maskedHint")}>
          <EyeOff size={12} aria-hidden />
          {t("tile.masked")}
        </span>
      ) : null}
      {truth.behindS !== null ? (
        <span className={styles["behind"]}>
          <TriangleAlert size={12} aria-hidden />
          {t("tile.behind", { seconds: truth.behindS })}
        </span>
      ) : null}
      <TruthWords camera={camera} truth={truth} words={stateWords} pictureMs={player.current?.wallMs ?? null} />
      <TileBar
        camera={camera}
        truth={truth}
        words={stateWords}
        player={player}
        enhanced={enhanced}
        isMaximised={isMaximised}
        hasAudio={stats?.hasAudio ?? false}
        {...on}
      />
    </div>
  );
}

function useDrop(onDropCamera: ((camera: string) => void) | undefined) {
  const [isOver, setOver] = useState(false);
  if (!onDropCamera) return {};
  return {
    "data-drop": isOver || undefined,
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      const dropped = event.dataTransfer.getData(DRAG_TYPE);
      if (dropped) onDropCamera(dropped);
    },
  };
}

function useStateWords(truth: Truth): string {
  const { t, i18n } = useTranslation();
  if (truth.sinceMs !== null) {
    const since = formatMoment(truth.sinceMs, Date.now(), i18n.language);
    return truth.name === "stalled" ? t("tile.stalledSince", { since }) : t("tile.offlineSince", { since });
  }
  return t(`tile.${truth.name}`);
}

const NO_STILL: ReadonlySet<string> = new Set(["connecting", "no_permission"]);

/** The newest recorded picture, when the player never had one: better a dimmed room than a black hole. */
function LastPicture({ camera, truth }: { camera: Camera; truth: Truth }) {
  const may = useMay();
  const [isMissing, setMissing] = useState(false);
  const isWanted = truth.isDimmed && !NO_STILL.has(truth.name) && camera.record !== "none" && may("recording.play");
  if (!isWanted || isMissing) return null;
  const at = truth.sinceMs === null ? undefined : new Date(truth.sinceMs).toISOString();
  const url = urlOf(`/cameras/${camera.id}/thumbnail.jpg`, {
    at: at ?? camera.live.main.since ?? new Date(0).toISOString(),
    width: 640,
  });
  return <img className={styles["still"]} src={url} alt="" onError={() => setMissing(true)} />;
}

interface TruthWordsProps {
  camera: Camera;
  truth: Truth;
  words: string;
  /** Time of the picture that stands, when one does. */
  pictureMs: number | null;
}

function TruthWords({ camera, truth, words, pictureMs }: TruthWordsProps) {
  const { t, i18n } = useTranslation();
  const say = useCodeWords();
  if (truth.name === "live") return null;
  const known = say(truth.code);
  const reason = known.reason || truth.reason;
  const hint = known.hint || truth.hint || (truth.name === "unsupported" ? t("tile.unsupportedHint") : "");
  const Icon = truth.tone === "bad" ? CircleAlert : TriangleAlert;
  return (
    <div className={styles["word"]} data-tone={truth.tone}>
      <strong>
        {truth.tone === "neutral" ? null : <Icon size={16} aria-hidden />}
        {words}
      </strong>
      {reason && reason !== words ? <p>{reason}</p> : null}
      {hint ? <p className={styles["advice"]}>{hint}</p> : null}
      {pictureMs === null || !truth.isDimmed ? null : (
        <p>{t("tile.lastPicture", { at: formatMoment(pictureMs, Date.now(), i18n.language) })}</p>
      )}
      <span className={classes(styles["name"], "truncate")}>{camera.name}</span>
    </div>
  );
}

interface TileBarProps extends Omit<LiveTileProps, "showsBoxes"> {
  truth: Truth;
  words: string;
  player: { readonly current: LivePlayer | null };
  enhanced: Enhanced;
  hasAudio: boolean;
}

function TileBar({
  camera,
  truth,
  words,
  player,
  enhanced,
  isMaximised,
  hasAudio,
  onMaximise,
  onRemove,
  onReview,
}: TileBarProps) {
  const { t } = useTranslation();
  const record = recordStateOf(camera);
  return (
    <div className={styles["bar"]}>
      <span className={styles["dot"]} data-tone={truth.tone} aria-hidden />
      <span className={classes(styles["barName"], "truncate")}>{camera.name}</span>
      <PictureTime player={player} />
      <span className={styles["barState"]}>{words}</span>
      <span className={styles["record"]} data-state={record}>
        {t(`tile.record.${record}`)}
      </span>
      <span className={styles["barActions"]}>
        {isMaximised && hasAudio ? (
          <Volume2 size={15} aria-label={t("tile.sound")} role="img" className={styles["soundOn"]} />
        ) : null}
        {onReview ? (
          <IconButton
            small
            placement="top"
            label={t("tile.review")}
            onPress={() => onReview(player.current?.wallMs ?? Date.now())}
          >
            <History size={15} aria-hidden />
          </IconButton>
        ) : null}
        {truth.name === "live" ? (
          <>
            <EnhanceToggle enhanced={enhanced} hotkey="E" />
            <IconButton
              small
              placement="top"
              label={t("tile.snapshot")}
              onPress={() => void enhanced.save(camera.name)}
            >
              <CameraIcon size={15} aria-hidden />
            </IconButton>
          </>
        ) : null}
        {onMaximise ? (
          <IconButton
            small
            placement="top"
            label={isMaximised ? t("tile.restore") : t("tile.maximise")}
            hotkey="Enter"
            onPress={onMaximise}
          >
            {isMaximised ? <Minimize2 size={15} aria-hidden /> : <Maximize2 size={15} aria-hidden />}
          </IconButton>
        ) : null}
        {onRemove ? (
          <IconButton small placement="top" label={t("tile.remove")} onPress={onRemove}>
            <X size={15} aria-hidden />
          </IconButton>
        ) : null}
      </span>
    </div>
  );
}

/** Time of the shown picture, written without rendering React every second. */
function PictureTime({ player }: { player: { readonly current: LivePlayer | null } }) {
  const { i18n } = useTranslation();
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const write = () => {
      const wallMs = player.current?.wallMs ?? null;
      if (element.current) element.current.textContent = wallMs === null ? "" : formatClock(wallMs, i18n.language);
    };
    write();
    const timer = setInterval(write, 500);
    return () => clearInterval(timer);
  }, [player, i18n.language]);
  return <span ref={element} className={styles["barTime"]} />;
}

interface EmptyTileProps {
  onDropCamera: (camera: string) => void;
  words: string;
}

export function EmptyTile({ onDropCamera, words }: EmptyTileProps) {
  const drop = useDrop(onDropCamera);
  return (
    <div className={styles["tile"]} {...drop}>
      <div className={styles["empty"]}>{words}</div>
    </div>
  );
}
