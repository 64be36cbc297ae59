// The weekly calendar of a recording plan as seven rows of exact spans. Pure.
//
// The wire has a list in which a later span wins; the editor paints. Minutes are kept as they came, so a plan with
// times finer than the painted hour loses nothing on the days that nobody touches.

import type { CalendarSpan, RecordingMode } from "../../../api/types";

export const DAYS = [0, 1, 2, 3, 4, 5, 6] as const;
export const MINUTES_PER_DAY = 1440;
export const MINUTES_PER_CELL = 60;

/** Half open, in minutes after local midnight. */
export interface DaySpan {
  from: number;
  to: number;
  mode: RecordingMode;
}

/** For each day, Monday first, spans in order that do not overlap; between them the plan's own mode holds. */
export type Week = readonly (readonly DaySpan[])[];

export const EMPTY_WEEK: Week = DAYS.map(() => []);

const readClock = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));

export const writeClock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** Lays a span over a day; `mode` null takes away what was there. */
export function paintDay(
  day: readonly DaySpan[],
  from: number,
  to: number,
  mode: RecordingMode | null,
): readonly DaySpan[] {
  if (to <= from) return day;
  const rest = day.flatMap((span) => {
    const before = { ...span, to: Math.min(span.to, from) };
    const after = { ...span, from: Math.max(span.from, to) };
    return [before, after].filter((part) => part.to > part.from);
  });
  const painted = mode === null ? rest : [...rest, { from, to, mode }];
  return joinSpans([...painted].sort((a, b) => a.from - b.from));
}

function joinSpans(spans: readonly DaySpan[]): DaySpan[] {
  const joined: DaySpan[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last && last.to === span.from && last.mode === span.mode) last.to = span.to;
    else joined.push({ ...span });
  }
  return joined;
}

export function paintWeek(
  week: Week,
  days: readonly number[],
  from: number,
  to: number,
  mode: RecordingMode | null,
): Week {
  return week.map((day, index) => (days.includes(index) ? paintDay(day, from, to, mode) : day));
}

export function copyDay(week: Week, from: number, to: readonly number[]): Week {
  return week.map((day, index) => (to.includes(index) ? (week[from] ?? []) : day));
}

export function readWeek(calendar: readonly CalendarSpan[]): Week {
  return calendar.reduce<Week>(
    (week, span) => paintWeek(week, span.days, readClock(span.from), readClock(span.to), span.mode),
    EMPTY_WEEK,
  );
}

/** Spans of several days that are the same become one. */
export function writeWeek(week: Week): CalendarSpan[] {
  const spans = new Map<string, CalendarSpan>();
  week.forEach((day, index) => {
    for (const { from, to, mode } of day) {
      const key = `${from} ${to} ${mode}`;
      const known = spans.get(key);
      if (known) known.days.push(index);
      else spans.set(key, { days: [index], from: writeClock(from), to: writeClock(to), mode });
    }
  });
  return [...spans.values()];
}

/** The mode at a minute of a day. */
export function modeAt(day: readonly DaySpan[], minute: number, otherwise: RecordingMode): RecordingMode {
  return day.find((span) => minute >= span.from && minute < span.to)?.mode ?? otherwise;
}

export type Step = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End";

/** Where a key leads in the grid of days and hours; it never leaves the grid. */
export function moveCell(at: { day: number; hour: number }, key: Step): { day: number; hour: number } {
  const clamp = (value: number, most: number) => Math.min(most, Math.max(0, value));
  switch (key) {
    case "ArrowLeft":
      return { ...at, hour: clamp(at.hour - 1, 23) };
    case "ArrowRight":
      return { ...at, hour: clamp(at.hour + 1, 23) };
    case "ArrowUp":
      return { ...at, day: clamp(at.day - 1, 6) };
    case "ArrowDown":
      return { ...at, day: clamp(at.day + 1, 6) };
    case "Home":
      return { ...at, hour: 0 };
    case "End":
      return { ...at, hour: 23 };
  }
}
