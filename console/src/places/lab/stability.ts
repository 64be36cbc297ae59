// How far an answer holds when its picture is shifted, scaled or turned. Pure.

import type { Changed } from "../../api/types";

export type ChangedLook = Changed["looks"][number];
export type Way = NonNullable<ChangedLook["way"]>;
export const WAYS = ["shift", "scale", "turn"] as const satisfies readonly Way[];

/** Shifts come in 32nds of the picture's shorter side. */
const SHIFT_UNIT = 32;

export interface Stability {
  /** The picture as it is. */
  first: ChangedLook;
  ways: { way: Way; looks: (ChangedLook & { isSame: boolean })[] }[];
  same: number;
  total: number;
}

/** Null: there is nothing to compare with. */
export function judgeStability({ looks }: Pick<Changed, "looks">): Stability | null {
  const first = looks.find(({ way }) => way === null);
  if (!first) return null;
  const isSame = (look: ChangedLook) =>
    look.is_known === first.is_known && (!look.is_known || look.label === first.label);
  const changed = looks.filter(({ way }) => way !== null);
  return {
    first,
    ways: byWay(changed).map(({ way, steps }) => ({
      way,
      looks: steps.map((look) => ({ ...look, isSame: isSame(look) })),
    })),
    same: changed.filter(isSame).length,
    total: changed.length,
  };
}

/** Steps of each way in their order; ways without any are left out. */
export function byWay<Step extends { way: Way | null }>(steps: readonly Step[]): { way: Way; steps: Step[] }[] {
  return WAYS.map((way) => ({ way, steps: steps.filter((step) => step.way === way) })).filter(
    ({ steps: found }) => found.length > 0,
  );
}

/** What a step is called: percent of a side, percent of the size, or degrees. */
export function amountOf(way: Way, by: number): number {
  if (way === "shift") return Math.round((100 * by) / SHIFT_UNIT);
  return way === "scale" ? Math.round(100 * by) : by;
}
