// Draws the rows of a timeline on a canvas. No state, no React: what to draw comes in, pixels go out.

import type { TimelineRow } from "../../api/types";
import { formatClock, formatShortDay } from "../../lib/format";
import { type Span, type Tick, ticksOf, xOf } from "./view";

export const RULER_PX = 26;

export interface Palette {
  row: string;
  line: string;
  text: string;
  textStrong: string;
  recording: string;
  recordingSoft: string;
  motion: string;
  event: string;
  held: string;
  gap: string;
  future: string;
  accent: string;
}

export interface TimelineData {
  fromMs: number;
  toMs: number;
  rows: readonly TimelineRow[];
}

/** Footage that nothing may delete. */
export interface HeldSpan {
  camera: string;
  fromMs: number;
  toMs: number;
  reason: string;
}

export interface Scene {
  holds: readonly HeldSpan[];
  widthPx: number;
  rowPx: number;
  span: Span;
  cameras: readonly string[];
  data: TimelineData | undefined;
  nowMs: number;
  selection: Span | null;
  locale: string;
  palette: Palette;
}

export const rowTop = (index: number, rowPx: number): number => RULER_PX + index * rowPx;

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    row: of("--surface-1"),
    line: of("--border"),
    text: of("--text-2"),
    textStrong: of("--text"),
    recording: of("--recording"),
    recordingSoft: of("--recording-soft"),
    motion: of("--motion"),
    event: of("--event"),
    held: of("--held"),
    gap: of("--gap"),
    future: of("--surface-0"),
    accent: of("--accent"),
  };
}

export function drawTimeline(pen: CanvasRenderingContext2D, scene: Scene): void {
  const height = rowTop(scene.cameras.length, scene.rowPx);
  pen.clearRect(0, 0, scene.widthPx, height);
  const ticks = ticksOf(scene.span, scene.widthPx);
  drawGridLines(pen, scene, ticks, height);
  scene.cameras.forEach((camera, index) => {
    const row = scene.data?.rows.find((candidate) => candidate.camera_id === camera);
    if (row && scene.data) drawRow(pen, scene, row, scene.data, rowTop(index, scene.rowPx));
    drawHolds(pen, scene, camera, rowTop(index, scene.rowPx));
    pen.fillStyle = scene.palette.line;
    pen.fillRect(0, rowTop(index, scene.rowPx) - 0.5, scene.widthPx, 1);
  });
  drawFuture(pen, scene, height);
  drawSelection(pen, scene, height);
  drawRuler(pen, scene, ticks);
}

function drawGridLines(pen: CanvasRenderingContext2D, scene: Scene, ticks: readonly Tick[], height: number): void {
  pen.fillStyle = scene.palette.line;
  for (const tick of ticks) {
    const x = Math.round(xOf(tick.ms, scene.span, scene.widthPx));
    pen.globalAlpha = tick.isMajor ? 1 : 0.55;
    pen.fillRect(x, RULER_PX - (tick.isMajor ? 8 : 5), 1, height);
  }
  pen.globalAlpha = 1;
}

function drawRow(pen: CanvasRenderingContext2D, scene: Scene, row: TimelineRow, data: TimelineData, top: number): void {
  const { span, widthPx, rowPx, palette } = scene;
  const x = (ms: number) => xOf(ms, span, widthPx);
  const barTop = top + 5;
  const barHeight = rowPx - 10;
  pen.fillStyle = palette.recordingSoft;
  for (const [from = 0, to = 0] of row.coverage) {
    const left = Math.max(0, x(from));
    const right = Math.min(widthPx, x(to));
    if (right > left) pen.fillRect(left, barTop, Math.max(1, right - left), barHeight);
  }
  drawMotion(pen, scene, row, data, barTop + barHeight, barHeight);
  for (const [from, to] of row.gaps as [number, number, string][]) {
    const left = Math.max(0, x(from));
    const right = Math.min(widthPx, x(to));
    if (right <= 0 || left >= widthPx) continue;
    if (right - left < HATCH_FROM_PX) {
      pen.fillStyle = palette.gap;
      pen.fillRect(left, barTop, Math.max(2, right - left), barHeight);
    } else hatch(pen, left, barTop, right - left, barHeight, palette);
  }
  drawEvents(pen, scene, row, top);
}

const HELD_PX = 4;

/** A violet band under the bar with a post at each end, so that the shape tells it too. */
function drawHolds(pen: CanvasRenderingContext2D, scene: Scene, camera: string, top: number): void {
  pen.fillStyle = scene.palette.held;
  for (const hold of scene.holds) {
    const left = Math.max(-2, xOf(hold.fromMs, scene.span, scene.widthPx));
    const right = Math.min(scene.widthPx + 2, xOf(hold.toMs, scene.span, scene.widthPx));
    if (hold.camera !== camera || right < 0 || left > scene.widthPx) continue;
    const [from, width] = [Math.floor(left), Math.max(2, Math.ceil(right) - Math.floor(left))];
    pen.fillRect(from, top + scene.rowPx - 1 - HELD_PX, width, HELD_PX);
    pen.fillRect(from, top + 5, 2, scene.rowPx - 6);
    pen.fillRect(from + width - 2, top + 5, 2, scene.rowPx - 6);
  }
}

/** Narrower than this no hatching can be seen. */
const HATCH_FROM_PX = 6;
const EVENT_APART_PX = 3;

/** Flags on the upper edge: many of them must not hide whether there is footage. */
function drawEvents(pen: CanvasRenderingContext2D, scene: Scene, row: TimelineRow, top: number): void {
  pen.fillStyle = scene.palette.event;
  // Acknowledged ones first and paler, so that a new one among them is seen.
  for (const [isNew, alpha] of [
    [false, 0.5],
    [true, 1],
  ] as const) {
    const drawn = new Set<number>();
    pen.globalAlpha = alpha;
    for (const event of row.events) {
      const at = Math.round(xOf(event.at_ms, scene.span, scene.widthPx) / EVENT_APART_PX) * EVENT_APART_PX;
      if ((event.state === "new") !== isNew || at < -4 || at > scene.widthPx + 4 || drawn.has(at)) continue;
      drawn.add(at);
      pen.fillRect(at - 1, top + 1, 2, Math.round(scene.rowPx * 0.4));
      pen.fillRect(at - 3, top + 1, 6, 3);
      pen.fillRect(at - 2, top + 4, 4, 2);
    }
  }
  pen.globalAlpha = 1;
}

function drawMotion(
  pen: CanvasRenderingContext2D,
  scene: Scene,
  row: TimelineRow,
  data: TimelineData,
  base: number,
  height: number,
): void {
  const stepMs = (data.toMs - data.fromMs) / Math.max(1, row.motion.length);
  const stepPx = (stepMs / (scene.span.toMs - scene.span.fromMs)) * scene.widthPx;
  pen.fillStyle = scene.palette.motion;
  row.motion.forEach((level, index) => {
    if (level <= 0) return;
    const left = xOf(data.fromMs + index * stepMs, scene.span, scene.widthPx);
    if (left + stepPx < 0 || left > scene.widthPx) return;
    // Small movements must be seen too: the height grows with the root of the level.
    const tall = Math.max(2, Math.sqrt(Math.min(1, level)) * height * 0.62);
    // Whole pixels: they are filled without smoothing, and neighbours leave no seam.
    const from = Math.floor(left);
    pen.fillRect(from, Math.round(base - tall), Math.max(1, Math.ceil(left + stepPx) - from), Math.round(tall));
  });
}

function hatch(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  palette: Palette,
): void {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  pen.fillStyle = palette.row;
  pen.fillRect(x, y, width, height);
  pen.strokeStyle = palette.gap;
  pen.lineWidth = 1;
  pen.beginPath();
  const first = Math.floor(x / 6) * 6;
  for (let at = first - height; at < x + width; at += 6) {
    pen.moveTo(at, y + height);
    pen.lineTo(at + height, y);
  }
  pen.stroke();
  pen.strokeRect(x + 0.5, y + 0.5, Math.max(0, width - 1), height - 1);
  pen.restore();
}

function drawFuture(pen: CanvasRenderingContext2D, scene: Scene, height: number): void {
  const left = xOf(scene.nowMs, scene.span, scene.widthPx);
  if (left >= scene.widthPx) return;
  pen.fillStyle = scene.palette.future;
  pen.globalAlpha = 0.6;
  pen.fillRect(Math.max(0, left), RULER_PX, scene.widthPx, height);
  pen.globalAlpha = 1;
  pen.fillStyle = scene.palette.recording;
  pen.fillRect(Math.max(0, left) - 1, RULER_PX, 2, height);
}

function drawSelection(pen: CanvasRenderingContext2D, scene: Scene, height: number): void {
  if (!scene.selection) return;
  const left = xOf(scene.selection.fromMs, scene.span, scene.widthPx);
  const right = xOf(scene.selection.toMs, scene.span, scene.widthPx);
  pen.fillStyle = scene.palette.accent;
  pen.globalAlpha = 0.16;
  pen.fillRect(left, RULER_PX, right - left, height);
  pen.globalAlpha = 1;
  pen.fillRect(left, RULER_PX, 2, height);
  pen.fillRect(right - 2, RULER_PX, 2, height);
}

export function tickLabel(tick: Tick, locale: string): string {
  if (tick.kind === "month") return new Date(tick.ms).toLocaleDateString(locale, { month: "short", year: "numeric" });
  if (tick.kind === "day") return formatShortDay(tick.ms, locale);
  if (tick.kind === "ms") return formatClock(tick.ms, locale, true).slice(-6);
  const clock = formatClock(tick.ms, locale);
  return tick.kind === "minute" ? clock.slice(0, 5) : clock;
}

function drawRuler(pen: CanvasRenderingContext2D, scene: Scene, ticks: readonly Tick[]): void {
  pen.font = `12px ${getComputedStyle(pen.canvas).fontFamily}`;
  pen.textBaseline = "middle";
  pen.textAlign = "center";
  for (const tick of ticks) {
    const x = xOf(tick.ms, scene.span, scene.widthPx);
    pen.fillStyle = tick.isMajor ? scene.palette.textStrong : scene.palette.text;
    if (x > 18 && x < scene.widthPx - 18) pen.fillText(tickLabel(tick, scene.locale), x, 10);
  }
}
