// Which of the things that were dropped or pasted are pictures, and how sure an answer is in words. Pure.

import type { Classified } from "../../api/types";

/** Pictures looked at in one go; the rest is left out and said so. */
export const MAX_AT_ONCE = 24;

export function pickPictures(files: readonly File[]): { pictures: File[]; leftOut: number } {
  const pictures = files.filter((file) => file.type.startsWith("image/") || file.type === "").slice(0, MAX_AT_ONCE);
  return { pictures, leftOut: files.length - pictures.length };
}

export type Sureness = "none" | "sure" | "likely" | "unsure";

/** `none`: most likely none of the classes. */
export function howSure(answer: Pick<Classified, "classes" | "is_known">): Sureness {
  if (!answer.is_known) return "none";
  const best = answer.classes[0]?.probability ?? 0;
  if (best >= 0.9) return "sure";
  return best >= 0.6 ? "likely" : "unsure";
}
