/**
 * The weight sets, the numbers that prove them, and which one suits a stream. The weights are the product's own files,
 * put into the build; `vectors.json` is written from them by `python -m scripts.enhance_vectors`.
 */

import clean from "../../../../src/vedette/vision/weights/enhance/clean.bin?url";
import jpeg30 from "../../../../src/vedette/vision/weights/enhance/jpeg-30.bin?url";
import jpeg50 from "../../../../src/vedette/vision/weights/enhance/jpeg-50.bin?url";
import jpeg70 from "../../../../src/vedette/vision/weights/enhance/jpeg-70.bin?url";
import jpeg90 from "../../../../src/vedette/vision/weights/enhance/jpeg-90.bin?url";
import { decodeWeights, type WeightSet } from "./network";
import vectors from "./vectors.json";

export type SetName = keyof typeof vectors.sets;

const FILES: Record<SetName, string> = {
  clean,
  "jpeg-90": jpeg90,
  "jpeg-70": jpeg70,
  "jpeg-50": jpeg50,
  "jpeg-30": jpeg30,
};
export const SET_NAMES = Object.keys(FILES) as SetName[];

/** The set for a stream of this mean H.264 quantiser; unknown (another codec) counts as not compressed, as on the server. */
export function chooseSet(qp: number | null): SetName {
  if (qp === null) return "clean";
  return SET_NAMES.find((name) => qp <= vectors.sets[name].qp_max) ?? "jpeg-30";
}

export interface Vector {
  readonly width: number;
  readonly height: number;
  /** Luma that goes in, row by row. */
  readonly input: Uint8Array;
  /** Luma that the Python network makes of it, twice as large. */
  readonly output: Uint8Array;
}

export function vectorOf(name: SetName): Vector {
  const { width, height, input } = vectors;
  return { width, height, input: fromHex(input), output: fromHex(vectors.sets[name].output) };
}

/** Fetches a set. Rejects when the server does not have it or it is damaged. */
export async function fetchSet(name: SetName): Promise<WeightSet> {
  const answer = await fetch(FILES[name]);
  if (!answer.ok) throw new Error(`the weights ${name} cannot be fetched: ${answer.status}`);
  return decodeWeights(await answer.arrayBuffer());
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}
