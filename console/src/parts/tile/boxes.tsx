// Boxes of the analysis over a live picture, each shown with the frame it belongs to.

import { type RefObject, useEffect, useRef, useState } from "react";
import { API } from "../../api/http";
import { keepSocket, socketUrl } from "../../api/socket";
import type { LivePlayer } from "../../media";
import { useWords } from "../words";
import styles from "./tile.module.css";

interface TrackBox {
  id: number;
  class: string;
  confidence: number;
  box: [number, number, number, number];
}

interface Analysed {
  captured_at_ns: number;
  tracks: TrackBox[];
}

const HELD = 60;
/** Always the same list: React then leaves a tile without objects alone instead of rendering it twelve times a second. */
const NONE: TrackBox[] = [];
/** Boxes older than this belong to no picture any more. */
const STALE_MS = 1500;

/** The newest analysis that is not ahead of the picture. Pure. */
export function boxesFor(held: readonly Analysed[], wallMs: number): TrackBox[] {
  const fitting = held.findLast((one) => one.captured_at_ns / 1e6 <= wallMs + 20);
  if (!fitting || wallMs - fitting.captured_at_ns / 1e6 > STALE_MS) return NONE;
  return fitting.tracks;
}

interface BoxesProps {
  camera: string;
  player: RefObject<LivePlayer | null>;
  width: number;
  height: number;
}

export function Boxes({ camera, player, width, height }: BoxesProps) {
  const words = useWords();
  const held = useRef<Analysed[]>([]);
  const [boxes, setBoxes] = useState<TrackBox[]>(NONE);

  useEffect(() => {
    held.current = [];
    return keepSocket({
      url: socketUrl(`${API}/tracks?camera=${encodeURIComponent(camera)}`),
      onMessage: (message) => {
        held.current = [...held.current.slice(1 - HELD), message as Analysed];
      },
    });
  }, [camera]);

  useEffect(() => {
    const timer = setInterval(() => {
      setBoxes(boxesFor(held.current, player.current?.wallMs ?? Date.now()));
    }, 80);
    return () => clearInterval(timer);
  }, [player]);

  if (width === 0 || height === 0) return null;
  const unit = width / 100;
  return (
    <svg className={styles["boxes"]} viewBox={`0 0 ${width} ${height}`} aria-hidden>
      {boxes.map((track) => {
        const [x1, y1, x2, y2] = track.box;
        const label = `${words.objectClass(track.class)} ${Math.round(track.confidence * 100)} %`;
        return (
          <g key={track.id}>
            <rect
              x={x1 * width}
              y={y1 * height}
              width={(x2 - x1) * width}
              height={(y2 - y1) * height}
              rx={unit * 0.4}
              strokeWidth={unit * 0.35}
            />
            <text
              x={x1 * width}
              y={Math.max(unit * 3, y1 * height - unit)}
              fontSize={unit * 2.6}
              strokeWidth={unit * 0.5}
            >
              {label}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
