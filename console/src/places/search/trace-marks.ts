// Where the stays of a trace lie on a line of time. Pure.

import type { Trace } from "../../api/types";

type Visit = Trace["visits"][number];

/** A stay, in shares of the whole line. */
export interface Mark {
  from: string;
  left: number;
  width: number;
  isPlausible: boolean;
}

export interface MarkRow {
  camera: { id: string; name: string };
  marks: Mark[];
}

/** A stay is never so short that it cannot be seen. */
const NARROWEST = 0.012;

/** One row for each camera, in the order in which they were come to. */
export function placeMarks(visits: readonly Visit[]): MarkRow[] {
  const begin = Math.min(...visits.map((visit) => Date.parse(visit.from)));
  const end = Math.max(...visits.map((visit) => Date.parse(visit.to)));
  const length = Math.max(1, end - begin);
  const rows: MarkRow[] = [];
  for (const visit of visits) {
    const width = Math.max(NARROWEST, (Date.parse(visit.to) - Date.parse(visit.from)) / length);
    const left = Math.min((Date.parse(visit.from) - begin) / length, 1 - width);
    const mark = { from: visit.from, left: Math.max(0, left), width, isPlausible: visit.plausible };
    const row = rows.find(({ camera }) => camera.id === visit.camera_id);
    if (row) row.marks.push(mark);
    else rows.push({ camera: { id: visit.camera_id, name: visit.camera_name }, marks: [mark] });
  }
  return rows;
}
