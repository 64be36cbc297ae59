// The buttons of playback. Every one has a key.

import {
  ArrowDownToLine,
  ChevronLeft,
  ChevronRight,
  ChevronsRight,
  Pause,
  Play,
  RotateCcw,
  RotateCw,
  SkipBack,
  SkipForward,
  ZoomIn,
  ZoomOut,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "../../parts/button";
import type { ClockFace } from "../../parts/clip/use-playback";
import { SelectField } from "../../parts/field";
import { SPEEDS } from "./state";
import styles from "./transport.module.css";

export interface TransportActs {
  toggle: () => void;
  step: (frames: 1 | -1) => void;
  jump: (ms: number) => void;
  neighbour: (direction: 1 | -1) => void;
  setSpeed: (speed: number) => void;
  newest: () => void;
  zoom: (factor: number) => void;
  setLength: (ms: number) => void;
  download: (() => void) | null;
}

interface TransportProps {
  acts: TransportActs;
  face: ClockFace;
  /** Backwards shuttle speed, 0 when not shuttling. */
  reverse: number;
}

const HOUR = 3_600_000;
const LENGTHS = [
  ["hour", HOUR],
  ["day", 24 * HOUR],
  ["week", 7 * 24 * HOUR],
  ["month", 30 * 24 * HOUR],
] as const;

export function Transport({ acts, face, reverse }: TransportProps) {
  const { t } = useTranslation();
  const isMoving = face.isPlaying || reverse !== 0;
  return (
    <div className={styles["transport"]} role="toolbar" aria-label={t("review.transport")}>
      <div className={styles["group"]}>
        <IconButton placement="top" label={t("review.previousEvent")} hotkey="P" onPress={() => acts.neighbour(-1)}>
          <SkipBack size={16} aria-hidden />
        </IconButton>
        <IconButton placement="top" label={t("review.back10")} hotkey="←" onPress={() => acts.jump(-10_000)}>
          <RotateCcw size={16} aria-hidden />
        </IconButton>
        <IconButton placement="top" label={t("review.frameBack")} hotkey="," onPress={() => acts.step(-1)}>
          <ChevronLeft size={17} aria-hidden />
        </IconButton>
        <IconButton
          placement="top"
          look="primary"
          label={isMoving ? t("review.pause") : t("review.play")}
          hotkey="Space"
          onPress={acts.toggle}
        >
          {isMoving ? <Pause size={17} aria-hidden /> : <Play size={17} aria-hidden />}
        </IconButton>
        <IconButton placement="top" label={t("review.frameForward")} hotkey="." onPress={() => acts.step(1)}>
          <ChevronRight size={17} aria-hidden />
        </IconButton>
        <IconButton placement="top" label={t("review.forward10")} hotkey="→" onPress={() => acts.jump(10_000)}>
          <RotateCw size={16} aria-hidden />
        </IconButton>
        <IconButton placement="top" label={t("review.nextEvent")} hotkey="N" onPress={() => acts.neighbour(1)}>
          <SkipForward size={16} aria-hidden />
        </IconButton>
      </div>
      <SelectField
        label={t("review.speed")}
        hidesLabel
        className={styles["speed"]}
        value={String(face.speed)}
        onChange={(speed) => acts.setSpeed(Number(speed))}
        options={SPEEDS.map((speed) => ({ id: String(speed), label: `${speed} ×` }))}
      />
      {reverse === 0 ? null : <span className={styles["reverse"]}>{`${t("review.reverse")} ${reverse} ×`}</span>}
      <div className={styles["right"]}>
        <div className={styles["group"]}>
          <IconButton placement="top" label={t("review.zoomOut")} hotkey="−" onPress={() => acts.zoom(2)}>
            <ZoomOut size={16} aria-hidden />
          </IconButton>
          <IconButton placement="top" label={t("review.zoomIn")} hotkey="+" onPress={() => acts.zoom(0.5)}>
            <ZoomIn size={16} aria-hidden />
          </IconButton>
        </div>
        <div className={styles["lengths"]}>
          {LENGTHS.map(([name, ms]) => (
            <Button key={name} look="quiet" small onPress={() => acts.setLength(ms)}>
              {t(`review.spans.${name}`)}
            </Button>
          ))}
        </div>
        <Button look="quiet" small onPress={acts.newest}>
          <ChevronsRight size={15} aria-hidden />
          {t("review.now")}
        </Button>
        {acts.download ? (
          <Button small onPress={acts.download}>
            <ArrowDownToLine size={15} aria-hidden />
            {t("export.open")}
          </Button>
        ) : null}
      </div>
    </div>
  );
}
