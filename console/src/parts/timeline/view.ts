// The span of time that a timeline shows and how it moves: zoom about the pointer, pan, follow, ticks.
// Pure. Times are UTC milliseconds; ticks fall on local clock times, whole days also across a clock change.

export interface Span {
  fromMs: number;
  toMs: number;
}

export const SHORTEST_MS = 400; // about ten frames: one frame is then wide enough to click
export const LONGEST_MS = 366 * 86_400_000;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const lengthMs = (span: Span): number => span.toMs - span.fromMs;

export function xOf(ms: number, span: Span, widthPx: number): number {
  return ((ms - span.fromMs) / lengthMs(span)) * widthPx;
}

export function timeAt(xPx: number, span: Span, widthPx: number): number {
  return span.fromMs + (xPx / widthPx) * lengthMs(span);
}

/** Zooms by `factor` (> 1 shows more time) so that the moment under the pointer stays under it. */
export function zoomAbout(span: Span, aboutMs: number, factor: number): Span {
  const length = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, lengthMs(span) * factor));
  const share = (aboutMs - span.fromMs) / lengthMs(span);
  const fromMs = aboutMs - share * length;
  return { fromMs, toMs: fromMs + length };
}

export function pan(span: Span, byMs: number): Span {
  return { fromMs: span.fromMs + byMs, toMs: span.toMs + byMs };
}

/** Moves the span only as far as needed for `ms` to lie inside, and keeps it there while a film plays. */
export function follow(span: Span, ms: number): Span {
  if (ms >= span.fromMs && ms <= span.toMs) return span;
  const share = ms > span.toMs ? 0.15 : 0.5;
  return pan(span, ms - (span.fromMs + share * lengthMs(span)));
}

export interface Tick {
  ms: number;
  /** Day changes and the like are drawn stronger. */
  isMajor: boolean;
  kind: "ms" | "second" | "minute" | "day" | "month";
}

const CLOCK_STEPS = [
  40,
  100,
  200,
  500,
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
];
const DAY_STEPS = [1, 2, 7, 14];

/** The ticks of a span, never closer together than `minPx`. */
export function ticksOf(span: Span, widthPx: number, minPx = 90): Tick[] {
  if (widthPx <= 0) return [];
  const wantedMs = (lengthMs(span) / widthPx) * minPx;
  const step = CLOCK_STEPS.find((candidate) => candidate >= wantedMs);
  if (step !== undefined) return clockTicks(span, step);
  const days = DAY_STEPS.find((candidate) => candidate * DAY >= wantedMs);
  return days !== undefined ? dayTicks(span, days) : monthTicks(span, Math.ceil(wantedMs / (30 * DAY)));
}

function clockTicks(span: Span, stepMs: number): Tick[] {
  const ticks: Tick[] = [];
  const start = new Date(span.fromMs);
  // Steps are counted from each local midnight, so that a clock change shifts no later tick.
  let midnight = new Date(start.getFullYear(), start.getMonth(), start.getDate());
  while (midnight.getTime() < span.toMs) {
    const next = new Date(midnight.getFullYear(), midnight.getMonth(), midnight.getDate() + 1);
    const first = Math.max(0, Math.ceil((span.fromMs - midnight.getTime()) / stepMs));
    for (let ms = midnight.getTime() + first * stepMs; ms < next.getTime() && ms <= span.toMs; ms += stepMs) {
      const isMidnight = ms === midnight.getTime();
      const kind = isMidnight ? "day" : stepMs >= MINUTE ? "minute" : stepMs >= SECOND ? "second" : "ms";
      ticks.push({ ms, isMajor: isMidnight, kind });
    }
    midnight = next;
  }
  return ticks;
}

function dayTicks(span: Span, days: number): Tick[] {
  const ticks: Tick[] = [];
  const start = new Date(span.fromMs);
  const day = new Date(start.getFullYear(), start.getMonth(), start.getDate());
  for (; day.getTime() <= span.toMs; day.setDate(day.getDate() + 1)) {
    const index = Math.round((Date.UTC(day.getFullYear(), day.getMonth(), day.getDate()) - Date.UTC(2024, 0, 1)) / DAY);
    if (day.getTime() >= span.fromMs && index % days === 0) {
      ticks.push({ ms: day.getTime(), isMajor: day.getDate() === 1, kind: "day" });
    }
  }
  return ticks;
}

function monthTicks(span: Span, months: number): Tick[] {
  const ticks: Tick[] = [];
  const start = new Date(span.fromMs);
  const month = new Date(start.getFullYear(), start.getMonth(), 1);
  for (; month.getTime() <= span.toMs; month.setMonth(month.getMonth() + 1)) {
    if (month.getTime() >= span.fromMs && month.getMonth() % months === 0) {
      ticks.push({ ms: month.getTime(), isMajor: month.getMonth() === 0, kind: "month" });
    }
  }
  return ticks;
}

/** A span that the server is asked for: wider than the view and on a coarse raster, so that a small pan asks nothing new. */
export function fetchSpan(span: Span): Span {
  const raster = lengthMs(span) / 2;
  const power = 2 ** Math.round(Math.log2(raster));
  return {
    fromMs: Math.floor((span.fromMs - raster) / power) * power,
    toMs: Math.ceil((span.toMs + raster) / power) * power,
  };
}
