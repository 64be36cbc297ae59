/** The network in plain numbers, as `vedette.vision.enhance.plain` has it: what the tests compare with. Never shipped. */

import { FIRST_OUTPUTS, PAIRS, SCALE, tapsOf, type WeightSet } from "./network";

interface Maps {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly values: Float64Array;
}

/** Luma of 0..255, row by row, twice as large; neither rounded nor clipped. */
export function enlarge(luma: ArrayLike<number>, width: number, height: number, weights: WeightSet): Float64Array {
  const input: Maps = { width, height, channels: 1, values: Float64Array.from(luma) };
  const first = rectify(depthwise(input, weights.first, 3, 3, FIRST_OUTPUTS));
  let maps = first;
  PAIRS.forEach((pair, index) => {
    const { depth, point } = weights.pairs[index] as WeightSet["pairs"][number];
    maps = pointwise(depthwise(maps, depth, pair.rows, pair.columns, pair.inputs), point, pair.outputs);
    if (pair.hasSkip) maps.values.forEach((value, at) => void (maps.values[at] = value + (first.values[at] as number)));
    if (pair.isRectified) maps = rectify(maps);
  });
  const out = new Float64Array(width * height * SCALE * SCALE);
  for (let at = 0; at < width * height; at += 1) {
    const left = (at % width) * SCALE;
    const top = Math.floor(at / width) * SCALE;
    for (let part = 0; part < 4; part += 1) {
      const to = (top + (part >> 1)) * width * SCALE + left + (part & 1);
      out[to] = (luma[at] as number) + (maps.values[4 * at + part] as number);
    }
  }
  return out;
}

/** Each channel with its own kernel, zero outside; a single channel in gives as many as are asked for. */
function depthwise(maps: Maps, kernel: Float32Array, rows: number, columns: number, channels: number): Maps {
  const { width, height } = maps;
  const values = new Float64Array(width * height * channels);
  tapsOf(rows, columns).forEach(([across, down], tap) => {
    for (let at = 0; at < width * height; at += 1) {
      const x = (at % width) + across;
      const y = Math.floor(at / width) + down;
      if (x < 0 || x >= width || y < 0 || y >= height) continue;
      for (let channel = 0; channel < channels; channel += 1) {
        const from = (y * width + x) * maps.channels + (maps.channels === 1 ? 0 : channel);
        const weight = kernel[tap * channels + channel] as number;
        values[at * channels + channel] = (values[at * channels + channel] as number) + weight * (maps.values[from] as number);
      }
    }
  });
  return { width, height, channels, values };
}

function pointwise(maps: Maps, point: Float32Array, outputs: number): Maps {
  const { width, height, channels } = maps;
  const values = new Float64Array(width * height * outputs);
  for (let at = 0; at < width * height; at += 1) {
    for (let output = 0; output < outputs; output += 1) {
      let sum = 0;
      for (let input = 0; input < channels; input += 1) {
        sum += (maps.values[at * channels + input] as number) * (point[input * outputs + output] as number);
      }
      values[at * outputs + output] = sum;
    }
  }
  return { width, height, channels: outputs, values };
}

function rectify(maps: Maps): Maps {
  return { ...maps, values: maps.values.map((value) => Math.max(0, value)) };
}
