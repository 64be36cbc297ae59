// What lies under the pointer on a timeline. Pure.

import type { TimelineRow } from "../../api/types";
import type { HeldSpan, TimelineData } from "./draw";
import { type Span, timeAt } from "./view";

export interface Under {
  ms: number;
  camera: string | null;
  isCovered: boolean;
  gapReason: string | null;
  heldReason: string | null;
  event: { id: string; kind: string } | null;
}

const EVENT_REACH_PX = 6;

interface Place {
  xPx: number;
  row: number;
  span: Span;
  widthPx: number;
  cameras: readonly string[];
}

export function findUnder(place: Place, data: TimelineData | undefined, holds: readonly HeldSpan[] = []): Under {
  const ms = timeAt(place.xPx, place.span, place.widthPx);
  const camera = place.cameras[place.row] ?? null;
  const row = data?.rows.find((candidate) => candidate.camera_id === camera);
  const held = holds.find((hold) => hold.camera === camera && ms >= hold.fromMs && ms <= hold.toMs);
  const heldReason = held?.reason ?? null;
  if (!row) return { ms, camera, isCovered: false, gapReason: null, heldReason, event: null };
  const reachMs = ((place.span.toMs - place.span.fromMs) / place.widthPx) * EVENT_REACH_PX;
  return {
    ms,
    camera,
    isCovered: row.coverage.some(([from = 0, to = 0]) => ms >= from && ms <= to),
    gapReason: gapAt(row, ms),
    heldReason,
    event: eventNear(row, ms, reachMs),
  };
}

function gapAt(row: TimelineRow, ms: number): string | null {
  const gap = (row.gaps as [number, number, string][]).find(([from, to]) => ms >= from && ms <= to);
  return gap ? gap[2] : null;
}

function eventNear(row: TimelineRow, ms: number, reachMs: number): Under["event"] {
  let best: Under["event"] = null;
  let bestMs = reachMs;
  for (const event of row.events) {
    const awayMs = Math.abs(event.at_ms - ms);
    if (awayMs > bestMs) continue;
    bestMs = awayMs;
    best = { id: event.id, kind: event.kind };
  }
  return best;
}
