// A range typed as two texts. Pure.

import { formatClock } from "./format";
import { readWhen } from "./when";

export interface RangeText {
  from: string;
  to: string;
}

export interface RangeMs {
  fromMs: number;
  toMs: number;
}

export type RangeFault = "rangeWrong" | "rangeLong";

/** A moment as `readWhen` reads it back: `2026-11-28 14:05:00`, local. */
export function writeWhen(ms: number): string {
  const date = new Date(ms);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${day.join("-")} ${formatClock(ms, "en-GB")}`;
}

export const writeRange = (range: RangeMs): RangeText => ({ from: writeWhen(range.fromMs), to: writeWhen(range.toMs) });

/** A range as the server reads one: RFC 3339, UTC. */
export const isoRange = ({ fromMs, toMs }: RangeMs): RangeText => ({
  from: new Date(fromMs).toISOString(),
  to: new Date(toMs).toISOString(),
});

export interface RangeRead {
  range: RangeMs | null;
  isFromWrong: boolean;
  isToWrong: boolean;
  fault: RangeFault | null;
}

/** What the texts mean; `range` is null while they mean none. */
export function readRange(text: RangeText, now: Date, longestMs = Number.POSITIVE_INFINITY): RangeRead {
  const fromMs = readWhen(text.from, now)?.getTime();
  const toMs = readWhen(text.to, now)?.getTime();
  const read = { isFromWrong: fromMs === undefined, isToWrong: toMs === undefined };
  if (fromMs === undefined || toMs === undefined) return { ...read, range: null, fault: null };
  if (toMs <= fromMs) return { ...read, range: null, fault: "rangeWrong" };
  if (toMs - fromMs > longestMs) return { ...read, range: null, fault: "rangeLong" };
  return { ...read, range: { fromMs, toMs }, fault: null };
}
