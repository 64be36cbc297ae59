// Editing zones and lines: shapes in, shapes out. Pure. Coordinates are 0..1 of the picture.

import type { Point, Rule } from "../../../api/types";

export const CORNERS_AT_MOST = 64;
const CLOSE_NORM = 0.025;

export const clampPoint = ([x, y]: Point): Point => [
  round(Math.min(1, Math.max(0, x))),
  round(Math.min(1, Math.max(0, y))),
];

/** Four digits: finer than a pixel of 4K, and readable in a rules file. */
const round = (value: number): number => Math.round(value * 10_000) / 10_000;

export function pointsOf(rule: Rule): Point[] {
  return (rule.zone ?? rule.line ?? []) as Point[];
}

export function withPoints(rule: Rule, points: Point[]): Rule {
  const clamped = points.map(clampPoint);
  return rule.line ? { ...rule, line: clamped } : { ...rule, zone: clamped };
}

export function movePoint(points: readonly Point[], index: number, to: Point): Point[] {
  return points.map((point, at) => (at === index ? clampPoint(to) : point));
}

export function moveAll(points: readonly Point[], by: Point): Point[] {
  // As far as the shape allows, so that it keeps its form at the picture's edge.
  const dx = Math.min(1 - Math.max(...points.map(([x]) => x)), Math.max(-Math.min(...points.map(([x]) => x)), by[0]));
  const dy = Math.min(
    1 - Math.max(...points.map(([, y]) => y)),
    Math.max(-Math.min(...points.map(([, y]) => y)), by[1]),
  );
  return points.map(([x, y]) => clampPoint([x + dx, y + dy]));
}

/** A new corner in the middle of the edge that begins at `index`. */
export function splitEdge(points: readonly Point[], index: number, atMost = CORNERS_AT_MOST): Point[] {
  if (points.length >= atMost) return [...points];
  return [...points.slice(0, index + 1), middleOf(points, index), ...points.slice(index + 1)];
}

export function middleOf(points: readonly Point[], index: number): Point {
  const [x1, y1] = points[index] ?? [0, 0];
  const [x2, y2] = points[(index + 1) % points.length] ?? [0, 0];
  return clampPoint([(x1 + x2) / 2, (y1 + y2) / 2]);
}

/** A zone keeps at least three corners; a line keeps both ends. */
export function removeCorner(rule: Rule, index: number): Rule {
  const points = pointsOf(rule);
  if (rule.line || points.length <= 3) return rule;
  return withPoints(
    rule,
    points.filter((_, at) => at !== index),
  );
}

export const closesZone = (points: readonly Point[], at: Point): boolean => {
  const [first] = points;
  return points.length >= 3 && first !== undefined && Math.hypot(first[0] - at[0], first[1] - at[1]) < CLOSE_NORM;
};

export type Shape = "zone" | "line";

/** A name that no other rule has: `Zone 1`, `Zone 2` … */
export function freeName(rules: readonly Rule[], word: string): string {
  const taken = new Set(rules.map((rule) => rule.id));
  let number = 1;
  while (taken.has(`${word} ${number}`)) number += 1;
  return `${word} ${number}`;
}

export function makeRule(shape: Shape, points: Point[], name: string): Rule {
  const clamped = points.map(clampPoint);
  return {
    id: name,
    kind: shape === "zone" ? "zone_entered" : "line_crossed",
    zone: shape === "zone" ? clamped : null,
    line: shape === "line" ? clamped : null,
    classes: [],
    parameters: {},
  };
}

/** Ids that are empty or used twice. */
export function badNames(rules: readonly Rule[]): Set<string> {
  const seen = new Set<string>();
  const bad = new Set<string>();
  for (const { id } of rules) {
    if (id.trim() === "" || seen.has(id)) bad.add(id);
    seen.add(id);
  }
  return bad;
}

/** Base, tip of the arrow that shows which way counts as left to right, seen along the line from start to end. */
export function arrowOf(points: readonly Point[], aspect: number): { base: Point; tip: Point } {
  const [[x1, y1], [x2, y2]] = [points[0] ?? [0, 0], points[1] ?? [1, 0]];
  const base: Point = [(x1 + x2) / 2, (y1 + y2) / 2];
  // In pixels, y down: the right hand of (dx, dy) is (-dy, dx).
  const [dx, dy] = [(x2 - x1) * aspect, y2 - y1];
  const length = Math.hypot(dx, dy) || 1;
  const reach = 0.09;
  return { base, tip: [base[0] + ((-dy / length) * reach) / aspect, base[1] + (dx / length) * reach] };
}
