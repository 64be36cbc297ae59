// The ledger as cells of a strip, as words and as a table for other programs. Pure.

import type { LedgerGap, LedgerSlot, LedgerStream } from "../../../api/types";

export type StepName = "minute" | "hour" | "day";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long a slot is, and how much is looked at with it. */
export const STEPS: Record<StepName, { stepMs: number; rangeMs: number }> = {
  minute: { stepMs: MINUTE, rangeMs: HOUR },
  hour: { stepMs: HOUR, rangeMs: DAY },
  day: { stepMs: DAY, rangeMs: 30 * DAY },
};

const FINER: Record<StepName, StepName | null> = { day: "hour", hour: "minute", minute: null };

/** Complete, hardly anything missing, some missing, most missing, nothing stored, not wanted, nothing expected. */
export type Level = "whole" | "nearly" | "some" | "most" | "nothing" | "off" | "blank";
export const LEVELS: readonly Level[] = ["whole", "nearly", "some", "most", "nothing", "off", "blank"];

const NEARLY = 0.99;
const MOST = 0.5;

export function levelOf(slot: LedgerSlot | undefined, isOff: boolean): Level {
  if (!slot || slot.expected <= 0) return isOff ? "off" : "blank";
  const share = slot.stored / slot.expected;
  if (slot.stored >= slot.expected) return "whole";
  if (slot.stored === 0) return "nothing";
  return share >= NEARLY ? "nearly" : share >= MOST ? "some" : "most";
}

export interface LedgerCell {
  fromMs: number;
  toMs: number;
  level: Level;
  slot: LedgerSlot | undefined;
}

/** The cells of a range, one a step; slots that the server left out are blank, or off where a schedule said so. */
export function cellsOf(
  stream: Pick<LedgerStream, "slots" | "gaps">,
  fromMs: number,
  toMs: number,
  stepMs: number,
): LedgerCell[] {
  const byTime = new Map(stream.slots.map((slot) => [Math.floor((Date.parse(slot.at) - fromMs) / stepMs), slot]));
  const off = stream.gaps
    .filter((gap) => gap.reason === "policy")
    .map((gap) => [Date.parse(gap.from), Date.parse(gap.to)] as const);
  return Array.from({ length: Math.max(0, Math.ceil((toMs - fromMs) / stepMs)) }, (_, index) => {
    const start = fromMs + index * stepMs;
    const end = Math.min(toMs, start + stepMs);
    const isOff = off.some(([from, to]) => from < end && to > start);
    const slot = byTime.get(index);
    return { fromMs: start, toMs: end, level: levelOf(slot, isOff), slot };
  });
}

export interface LedgerView {
  step: StepName;
  fromMs: number;
  toMs: number;
}

/** The view that holds a moment: from a local hour, a local midnight, or thirty days back. */
export function viewAt(step: StepName, atMs: number): LedgerView {
  const at = new Date(atMs);
  const [year, month, day] = [at.getFullYear(), at.getMonth(), at.getDate()];
  const dayAfter = new Date(year, month, day + 1).getTime();
  if (step === "minute") {
    const fromMs = new Date(year, month, day, at.getHours()).getTime();
    return { step, fromMs, toMs: fromMs + HOUR };
  }
  if (step === "hour") return { step, fromMs: new Date(year, month, day).getTime(), toMs: dayAfter };
  return { step, fromMs: new Date(year, month, day - 29).getTime(), toMs: dayAfter };
}

export function finerView(view: LedgerView, atMs: number): LedgerView | null {
  const finer = FINER[view.step];
  return finer ? viewAt(finer, atMs) : null;
}

/** One page earlier or later. */
export function turnView(view: LedgerView, by: 1 | -1): LedgerView {
  const nextMs = by > 0 ? view.toMs + (view.step === "day" ? 29 * DAY : 0) : view.fromMs - 1;
  return viewAt(view.step, nextMs);
}

/** Percent that never says 100 while something is missing. */
export function formatShare(share: number | null, locale: string): string {
  if (share === null) return "–";
  const digits = share >= 1 || share < 0.99 ? 1 : 3;
  const scale = 10 ** (digits + 2);
  const floored = share >= 1 ? 1 : Math.floor(share * scale) / scale;
  return floored.toLocaleString(locale, {
    style: "percent",
    minimumFractionDigits: floored >= 1 ? 0 : digits,
    maximumFractionDigits: digits,
  });
}

/** Missing frames by reason, most first. */
export function reasonsOf(slots: readonly LedgerSlot[]): [reason: string, frames: number][] {
  const sums = new Map<string, number>();
  for (const slot of slots)
    for (const [reason, frames] of Object.entries(slot.reasons)) sums.set(reason, (sums.get(reason) ?? 0) + frames);
  return [...sums].filter(([, frames]) => frames > 0).sort(([, a], [, b]) => b - a);
}

export interface CsvNames {
  camera: (id: string) => string;
  reason: (reason: string) => string;
}

/** A cell that a spreadsheet would run as a formula is made text. */
function csvCell(value: string | number): string {
  const text = String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const SLOT_HEAD = ["row", "camera", "camera_id", "stream", "from", "to", "expected", "stored", "missing", "reasons"];

/** Slots and gaps, one a line (RFC 4180), times in UTC. */
export function ledgerCsv(streams: readonly LedgerStream[], stepMs: number, names: CsvNames): string {
  const lines = streams.flatMap((stream) => {
    const head = [names.camera(stream.camera_id), stream.camera_id, stream.stream];
    const slots = stream.slots.map((slot) => {
      const reasons = reasonsOf([slot]).map(([reason, frames]) => `${reason} ${frames}`);
      const to = new Date(Date.parse(slot.at) + stepMs).toISOString();
      return [
        "slot",
        ...head,
        slot.at,
        to,
        slot.expected,
        slot.stored,
        slot.expected - slot.stored,
        reasons.join("; "),
      ];
    });
    const gaps = stream.gaps.map((gap: LedgerGap) => [
      ...["gap", ...head, gap.from, gap.to, "", "", gap.frames_missing],
      `${gap.reason}: ${names.reason(gap.reason)}`,
    ]);
    return [...slots, ...gaps];
  });
  return [SLOT_HEAD, ...lines].map((line) => `${line.map(csvCell).join(",")}\r\n`).join("");
}
