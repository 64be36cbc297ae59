/** Which pictures are worth enlarging, and where on them the label lies. Pure. */

import { SCALE } from "./network";

/** More would take 160 MB of maps a size and is no sub stream any more. */
export const MOST_PIXELS = 1280 * 720;

export interface Shape {
  readonly width: number;
  readonly height: number;
}

/** `fine`: shown no larger than it is; `large`: too much to compute. */
export type Fit = "enlarge" | "fine" | "large";

/** How many device pixels a pixel of the picture takes, the picture being shown whole (`object-fit: contain`). */
export function scaleOf(picture: Shape, box: Shape, pixelRatio: number): number {
  return Math.min(box.width / picture.width, box.height / picture.height) * pixelRatio;
}

export function fitOf(picture: Shape, box: Shape, pixelRatio: number): Fit {
  if (scaleOf(picture, box, pixelRatio) <= 1) return "fine";
  return picture.width * picture.height > MOST_PIXELS ? "large" : "enlarge";
}

const TEXT_PX = 12;
const LEAST_TEXT_PX = 11;

/** Height of the label's letters on the enlarged picture, so that they are 12 CSS pixels high on the screen. */
export function labelPx(picture: Shape, box: Shape): number {
  const shown = scaleOf(picture, box, 1) / SCALE;
  return Math.max(LEAST_TEXT_PX, Math.round(TEXT_PX / Math.max(shown, 0.05)));
}

export interface Plate {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The label's ground in the upper right corner of an enlarged picture. */
export function plateOf(picture: Shape, textWidth: number, textPx: number): Plate {
  const pad = Math.round(textPx * 0.5);
  const width = Math.min(picture.width * SCALE, Math.ceil(textWidth) + 2 * pad);
  return { left: picture.width * SCALE - width, top: 0, width, height: Math.round(textPx * 1.7) };
}
