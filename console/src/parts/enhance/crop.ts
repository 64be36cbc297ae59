// A part of a picture, in fractions of it: left, top, width, height. Pure.

export interface Part {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Spot {
  x: number;
  y: number;
}

export const WHOLE: Part = { left: 0, top: 0, width: 1, height: 1 };
const LEAST = 0.03;

const within = (value: number): number => Math.min(1, Math.max(0, value));

/** The rectangle between two places of the picture; null when it is too small to be meant: a click, not a drag. */
export function partBetween(from: Spot, to: Spot): Part | null {
  const [left, right] = [within(Math.min(from.x, to.x)), within(Math.max(from.x, to.x))];
  const [top, bottom] = [within(Math.min(from.y, to.y)), within(Math.max(from.y, to.y))];
  const part = { left, top, width: right - left, height: bottom - top };
  return part.width < LEAST || part.height < LEAST ? null : part;
}

/** A part of what is shown, which is itself a part, as part of the whole picture. */
export function partOfPart(shown: Part, inner: Part): Part {
  return {
    left: shown.left + inner.left * shown.width,
    top: shown.top + inner.top * shown.height,
    width: inner.width * shown.width,
    height: inner.height * shown.height,
  };
}

export function isWhole(part: Part): boolean {
  return part.left === 0 && part.top === 0 && part.width === 1 && part.height === 1;
}

/** As the server reads it; undefined for the whole picture. Rounded down, so that no part leaves the picture. */
export function cropText(part: Part): string | undefined {
  if (isWhole(part)) return undefined;
  return [part.left, part.top, part.width, part.height].map((value) => Math.floor(value * 1e4) / 1e4).join(",");
}
