import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { chooseSet, SET_NAMES, vectorOf } from "./bank";
import { decodeWeights, PAIRS, packPoint, sliceOutputs, tapsOf } from "./network";
import { enlarge } from "./reference";
import { firstKernels, packDepth, pairShader } from "./shaders";

const weightsOf = (name: string) => {
  const file = readFileSync(new URL(`../../../../src/vedette/vision/weights/enhance/${name}.bin`, import.meta.url));
  return decodeWeights(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer);
};

describe("the network", () => {
  it.each(SET_NAMES)("makes what the Python network makes, with the set %s", (name) => {
    const { width, height, input, output } = vectorOf(name);
    const made = enlarge(input, width, height, weightsOf(name)).map((value) => Math.min(255, Math.max(0, value)));
    const differences = [...made].map((value, at) => Math.abs(value - (output[at] as number)));
    expect(differences).toHaveLength(4 * width * height);
    expect(Math.max(...differences)).toBeLessThan(0.51); // the vectors are rounded
  });

  it("refuses files that are no weights", () => {
    expect(() => decodeWeights(new ArrayBuffer(100))).toThrow("10276 bytes");
    const broken = new ArrayBuffer(10_276);
    new DataView(broken).setFloat32(400, Number.NaN, true);
    expect(() => decodeWeights(broken)).toThrow("numbers");
  });

  it("gives every picture quality the server's set", () => {
    expect([null, 0, 26, 26.1, 33, 37, 40, 51].map(chooseSet)).toEqual(
      ["clean", "clean", "clean", "jpeg-90", "jpeg-90", "jpeg-70", "jpeg-50", "jpeg-30"],
    );
  });
});

describe("packing", () => {
  it("puts what one input gives to four outputs into one column of a matrix", () => {
    const point = Float32Array.from({ length: 8 * 8 }, (_, at) => at); // input * 8 + output
    const packed = packPoint(point, 8, 8);
    expect([...packed.subarray(0, 8)]).toEqual([0, 1, 2, 3, 8, 9, 10, 11]);
    expect([...packed.subarray(16, 20)]).toEqual([4, 5, 6, 7]);
    expect([...packed.subarray(32, 36)]).toEqual([32, 33, 34, 35]);
    expect([...sliceOutputs(point, 8, 4, 4).subarray(0, 8)]).toEqual([4, 5, 6, 7, 12, 13, 14, 15]);
  });

  it("keeps every weight once", () => {
    const { first, pairs } = weightsOf("clean");
    const halves = [0, 16].flatMap((start) => [...firstKernels(first, start, 16)]);
    expect(halves.sort()).toEqual([...first].sort());
    PAIRS.forEach((pair, index) => {
      const { depth } = pairs[index] as (typeof pairs)[number];
      expect([...packDepth(depth, pair.inputs)].sort()).toEqual([...depth].sort());
    });
  });

  it("lists the taps of a kernel row by row", () => {
    expect(tapsOf(1, 5)).toEqual([[-2, 0], [-1, 0], [0, 0], [1, 0], [2, 0]]);
    expect(tapsOf(3, 3)[2]).toEqual([1, -1]);
  });

  it("stays below the uniforms that every WebGL2 has", () => {
    for (const pair of PAIRS) {
      const text = pairShader(pair);
      const count = (kind: string) => Number(new RegExp(`uniform ${kind} \\w+\\[(\\d+)\\]`).exec(text)?.[1]);
      expect(count("vec4") + 4 * count("mat4")).toBeLessThanOrEqual(220); // of 224
    }
  });
});
