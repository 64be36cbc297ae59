// Which camera stands in which tile. Pure: a layout in, a layout out; the address keeps it.

export const SIDES = [1, 2, 3, 4] as const;
export type Side = (typeof SIDES)[number];

export interface Layout {
  side: Side;
  /** Camera ids, one entry a tile; an empty string is an empty tile. Longer than the grid when it was larger before. */
  slots: readonly string[];
}

export const tileCount = (side: Side): number => side * side;

export function visibleSlots(layout: Layout): string[] {
  return Array.from({ length: tileCount(layout.side) }, (_, index) => layout.slots[index] ?? "");
}

const withSlots = (layout: Layout, slots: string[]): Layout => ({ ...layout, slots: trimmed(slots) });

function trimmed(slots: string[]): string[] {
  const result = [...slots];
  while (result.length > 0 && result.at(-1) === "") result.pop();
  return result;
}

/** Puts a camera into a tile. Already on screen: the two tiles change places. */
export function place(layout: Layout, camera: string, slot: number): Layout {
  const slots = [...layout.slots];
  while (slots.length <= slot) slots.push("");
  const from = slots.indexOf(camera);
  if (from === slot) return layout;
  if (from >= 0) slots[from] = slots[slot] ?? "";
  slots[slot] = camera;
  return withSlots(layout, slots);
}

/** Puts a camera into the first empty tile, or into the last one when all are taken. */
export function add(layout: Layout, camera: string): Layout {
  const visible = visibleSlots(layout);
  if (visible.includes(camera)) return layout;
  const empty = visible.indexOf("");
  return place(layout, camera, empty >= 0 ? empty : visible.length - 1);
}

export function remove(layout: Layout, camera: string): Layout {
  return withSlots(
    layout,
    layout.slots.map((slot) => (slot === camera ? "" : slot)),
  );
}

/** The smallest grid that shows all of them, at most 4 x 4. */
export function layoutFor(cameras: readonly string[]): Layout {
  const side = SIDES.find((candidate) => tileCount(candidate) >= cameras.length) ?? 4;
  return { side, slots: cameras.slice(0, tileCount(side)) };
}

export function readLayout(grid: string | undefined, cameras: string | undefined): Layout | null {
  if (cameras === undefined && grid === undefined) return null;
  const side = SIDES.find((candidate) => grid === `${candidate}x${candidate}`);
  const slots = cameras ? cameras.split(",").slice(0, 16) : [];
  return side ? { side, slots } : layoutFor(slots);
}

export function writeLayout(layout: Layout): { grid: string; cameras: string } {
  return { grid: `${layout.side}x${layout.side}`, cameras: trimmed([...layout.slots]).join(",") };
}
