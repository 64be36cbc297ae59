// The live picture with its zones and lines, and the pointer and keys that draw and move them.

import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Camera, Point, Rule } from "../../../api/types";
import { useLive } from "../../../parts/tile/use-live";
import {
  arrowOf,
  CORNERS_AT_MOST,
  clampPoint,
  closesZone,
  middleOf,
  moveAll,
  movePoint,
  pointsOf,
  removeCorner,
  type Shape,
  splitEdge,
  withPoints,
} from "./geometry";
import styles from "./rules.module.css";

interface CanvasProps {
  camera: Camera;
  rules: readonly Rule[];
  chosen: number | null;
  drawing: { shape: Shape; points: Point[] } | null;
  cornersAtMost?: number;
  /** The shapes hide what is under them: shown as filled. */
  hides?: boolean;
  /** A word for how a shape looks, for shapes that are not all alike. */
  lookOf?: (index: number) => string | undefined;
  onChoose: (index: number) => void;
  onChange: (index: number, rule: Rule) => void;
  onDraw: (points: Point[]) => void;
  onFinish: (shape: Shape, points: Point[]) => void;
  onDiscard: () => void;
}

interface Grip {
  /** A corner, or null for the whole shape. */
  corner: number | null;
  start: Point;
  points: Point[];
}

const HEIGHT = 1000; // units of the drawing; the width follows the picture's shape
const STEP = 0.005;
const DRAWING_STEPS = 4;
const MIDDLE: Point = [0.5, 0.5];

export function Canvas(props: CanvasProps) {
  const { camera, rules, chosen, drawing, cornersAtMost = CORNERS_AT_MOST } = props;
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const { state, stats } = useLive(video, camera.id, "main", false);
  const [pointer, setPointer] = useState<Point | null>(null);
  const grip = useRef<Grip | null>(null);
  const size =
    stats && stats.width > 0 ? stats : camera.live.main.width > 0 ? camera.live.main : { width: 16, height: 9 };
  const aspect = size.width / size.height;
  const width = HEIGHT * aspect;

  const at = (event: PointerEvent): Point => {
    const place = svg.current?.getBoundingClientRect();
    if (!place) return [0, 0];
    return clampPoint([(event.clientX - place.left) / place.width, (event.clientY - place.top) / place.height]);
  };
  const draw = (point: Point) => {
    if (!drawing) return;
    if (drawing.shape === "zone" && closesZone(drawing.points, point)) {
      props.onFinish("zone", drawing.points);
      return;
    }
    if (drawing.points.length >= cornersAtMost) return;
    const points = [...drawing.points, point];
    if (drawing.shape === "line" && points.length === 2) props.onFinish("line", points);
    else props.onDraw(points);
  };
  const onMove = (event: PointerEvent) => {
    const point = at(event);
    if (drawing) setPointer(point);
    const held = grip.current;
    const rule = chosen === null ? undefined : rules[chosen];
    if (!held || chosen === null || !rule) return;
    const by: Point = [point[0] - held.start[0], point[1] - held.start[1]];
    const points = held.corner === null ? moveAll(held.points, by) : movePoint(held.points, held.corner, point);
    props.onChange(chosen, withPoints(rule, points));
  };
  const take = (event: PointerEvent, index: number, corner: number | null) => {
    if (drawing) return;
    event.stopPropagation();
    const rule = rules[index];
    if (!rule) return;
    props.onChoose(index);
    svg.current?.setPointerCapture(event.pointerId);
    grip.current = { corner, start: at(event), points: pointsOf(rule) };
  };
  const onKey = (event: KeyboardEvent) => {
    if (!drawing) return;
    const by = ARROWS[event.key];
    if (by) {
      const [x, y] = pointer ?? MIDDLE;
      const steps = event.shiftKey ? 1 : DRAWING_STEPS;
      setPointer(clampPoint([x + by[0] * steps, y + by[1] * steps]));
    }
    if (event.key === " ") draw(pointer ?? MIDDLE);
    if (by || event.key === " ") event.preventDefault();
    if (event.key === "Backspace") props.onDraw(drawing.points.slice(0, -1));
    if (event.key === "Escape") props.onDiscard();
    if (event.key === "Enter" && drawing.shape === "zone" && drawing.points.length >= 3)
      props.onFinish("zone", drawing.points);
  };

  const isDrawing = drawing !== null;
  useEffect(() => {
    if (isDrawing) svg.current?.focus(); // arrows and the space bar draw at once
    setPointer(null);
  }, [isDrawing]);

  return (
    <div
      className={styles["canvas"]}
      style={{ aspectRatio: aspect }}
      data-state={state.state}
      data-hides={props.hides || undefined}
    >
      <video ref={video} muted playsInline autoPlay aria-hidden />
      {state.state === "live" ? null : <span className={styles["noPicture"]}>{t(`tile.${state.state}`)}</span>}
      <svg
        ref={svg}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="application"
        aria-label={t("rules.picture")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: Enter and Escape end a drawing
        tabIndex={0}
        data-drawing={drawing ? "" : undefined}
        onPointerDown={(event) => event.button === 0 && draw(at(event))}
        onPointerMove={onMove}
        onPointerUp={() => {
          grip.current = null;
        }}
        onKeyDown={onKey}
      >
        {rules.map((rule, index) => (
          <ShapeView
            // biome-ignore lint/suspicious/noArrayIndexKey: the name is being edited, the place is the identity
            key={index}
            rule={rule}
            width={width}
            aspect={aspect}
            isChosen={index === chosen}
            look={props.lookOf?.(index)}
            onTake={(event, corner) => take(event, index, corner)}
            cornersAtMost={cornersAtMost}
            onChange={(next) => props.onChange(index, next)}
          />
        ))}
        {drawing ? <DrawingView points={drawing.points} pointer={pointer} width={width} /> : null}
      </svg>
    </div>
  );
}

const write = (points: readonly Point[], width: number): string =>
  points.map(([x, y]) => `${x * width},${y * HEIGHT}`).join(" ");

interface ShapeProps {
  rule: Rule;
  width: number;
  aspect: number;
  isChosen: boolean;
  look: string | undefined;
  cornersAtMost: number;
  onTake: (event: PointerEvent, corner: number | null) => void;
  onChange: (rule: Rule) => void;
}

function ShapeView({ rule, width, aspect, isChosen, look, cornersAtMost, onTake, onChange }: ShapeProps) {
  const points = pointsOf(rule);
  const [first] = points;
  if (!first) return null;
  const top = points.reduce((best, point) => (point[1] < best[1] ? point : best), first);
  return (
    <g className={styles["shape"]} data-chosen={isChosen || undefined} data-look={look}>
      {rule.line ? (
        <>
          <polyline
            className={styles["wide"]}
            points={write(points, width)}
            onPointerDown={(event) => onTake(event, null)}
          />
          <polyline points={write(points, width)} />
          <Arrow points={points} width={width} aspect={aspect} direction={rule.parameters["direction"] ?? 0} />
        </>
      ) : (
        <polygon points={write(points, width)} onPointerDown={(event) => onTake(event, null)} />
      )}
      <text x={top[0] * width} y={Math.max(34, top[1] * HEIGHT - 18)}>
        {rule.id}
      </text>
      {isChosen ? (
        <Handles rule={rule} width={width} cornersAtMost={cornersAtMost} onTake={onTake} onChange={onChange} />
      ) : null}
    </g>
  );
}

function Arrow({
  points,
  width,
  aspect,
  direction,
}: {
  points: readonly Point[];
  width: number;
  aspect: number;
  direction: number;
}) {
  const { base, tip } = arrowOf(points, aspect);
  const [bx, by] = [base[0] * width, base[1] * HEIGHT];
  const forward: [number, number] = [tip[0] * width - bx, tip[1] * HEIGHT - by];
  const ways = [direction >= 0 ? 1 : 0, direction <= 0 ? -1 : 0].filter((way) => way !== 0);
  return (
    <>
      {ways.map((way) => {
        const [x, y] = [bx + forward[0] * way, by + forward[1] * way];
        const [ux, uy] = [forward[0] * way * 0.25, forward[1] * way * 0.25];
        return (
          <g key={way} className={styles["arrow"]}>
            <line x1={bx} y1={by} x2={x - ux} y2={y - uy} />
            <polygon points={`${x},${y} ${x - ux - uy},${y - uy + ux} ${x - ux + uy},${y - uy - ux}`} />
          </g>
        );
      })}
    </>
  );
}

const ARROWS: Record<string, Point> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

type HandlesProps = Pick<ShapeProps, "rule" | "width" | "cornersAtMost" | "onTake" | "onChange">;

function Handles({ rule, width, cornersAtMost, onTake, onChange }: HandlesProps) {
  const { t } = useTranslation();
  const points = pointsOf(rule);
  const onKey = (event: KeyboardEvent, index: number) => {
    const by = ARROWS[event.key];
    const [x, y] = points[index] ?? [0, 0];
    if (event.key === "Delete") onChange(removeCorner(rule, index));
    if (!by) return;
    event.preventDefault();
    onChange(withPoints(rule, movePoint(points, index, [x + by[0], y + by[1]])));
  };
  return (
    <>
      {rule.line
        ? null
        : points.map((_, index) => {
            const [x, y] = middleOf(points, index);
            return (
              <circle
                // biome-ignore lint/suspicious/noArrayIndexKey: corners have no other identity
                key={`middle-${index}`}
                className={styles["middle"]}
                cx={x * width}
                cy={y * HEIGHT}
                r={9}
                onPointerDown={(event) => {
                  event.stopPropagation();
                  onChange(withPoints(rule, splitEdge(points, index, cornersAtMost)));
                }}
              />
            );
          })}
      {points.map(([x, y], index) => (
        // biome-ignore lint/a11y/useSemanticElements: a corner inside a drawing cannot be an HTML button
        <circle
          // biome-ignore lint/suspicious/noArrayIndexKey: corners have no other identity
          key={index}
          className={styles["corner"]}
          cx={x * width}
          cy={y * HEIGHT}
          r={14}
          role="button"
          tabIndex={0}
          aria-label={t("rules.corner", { index: index + 1, name: rule.id })}
          onPointerDown={(event) => onTake(event, index)}
          onDoubleClick={() => onChange(removeCorner(rule, index))}
          onKeyDown={(event) => onKey(event, index)}
        />
      ))}
    </>
  );
}

function DrawingView({ points, pointer, width }: { points: readonly Point[]; pointer: Point | null; width: number }) {
  const shown = pointer ? [...points, pointer] : points;
  return (
    <g className={styles["drawing"]}>
      <polyline points={write(shown, width)} />
      {pointer ? <circle className={styles["pen"]} cx={pointer[0] * width} cy={pointer[1] * HEIGHT} r={12} /> : null}
      {points.map(([x, y]) => (
        <circle key={`${x} ${y}`} cx={x * width} cy={y * HEIGHT} r={10} />
      ))}
    </g>
  );
}
