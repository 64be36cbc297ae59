/**
 * The network as WebGL2 programs. Maps lie four to a texel in the layers of an array texture with a border of zeros
 * (`PAD`), so that a kernel may look over the edge as in training: nothing ever writes to the border. Pure: text only.
 */

import { FIRST_OUTPUTS, type Pair, tapsOf } from "./network";

/** Zeros around every map, across and down: half of the largest kernel. */
export const PAD: readonly [number, number] = [2, 1];
/** Outputs of one pass: four render targets, which every WebGL2 has, of four channels. */
export const PASS_OUTPUTS = 16;

const HEAD = `#version 300 es
precision highp float;
precision highp sampler2D;
precision highp sampler2DArray;
`;

export const VERTEX = `#version 300 es
void main() { gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0); }
`;

/** The picture's luma, Cr and Cb, full range, as OpenCV makes them of RGB and as the server enlarges pictures. */
export const SPLIT = `${HEAD}
uniform sampler2D picture;
out vec4 planes;
void main() {
  vec3 rgb = texelFetch(picture, ivec2(gl_FragCoord.xy) - ivec2(${PAD.join(", ")}), 0).rgb;
  float luma = floor(dot(rgb, vec3(0.299, 0.587, 0.114)) * 255.0 + 0.5) / 255.0;
  planes = vec4(luma, (rgb.r - luma) * 0.713 + 128.0 / 255.0, (rgb.b - luma) * 0.564 + 128.0 / 255.0, 1.0);
}
`;

/** The first layer: ${PASS_OUTPUTS} of its outputs. */
export function firstShader(): string {
  const groups = PASS_OUTPUTS / 4;
  const sums = tapsOf(3, 3).flatMap(([across, down], tap) => [
    `  luma = texelFetch(planes, at + ivec2(${across}, ${down}), 0).r;`,
    ...range(groups).map((group) => `  sum${group} += kernel[${tap * groups + group}] * luma;`),
  ]);
  return `${HEAD}
uniform sampler2D planes;
uniform vec4 kernel[${9 * groups}];
${outputs(groups)}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  float luma;
${range(groups).map((group) => `  vec4 sum${group} = vec4(0.0);`).join("\n")}
${sums.join("\n")}
${range(groups).map((group) => `  out${group} = max(sum${group}, 0.0);`).join("\n")}
}
`;
}

/** A depthwise layer and its pointwise one in one pass, at most `PASS_OUTPUTS` outputs. */
export function pairShader(pair: Pair): string {
  const groups = Math.min(pair.outputs, PASS_OUTPUTS) / 4;
  const taps = tapsOf(pair.rows, pair.columns);
  const read = taps.map(
    ([across, down], tap) =>
      `    seen += depth[from * ${taps.length} + ${tap}] * texelFetch(maps, ivec3(at + ivec2(${across}, ${down}), from), 0);`,
  );
  const skip = (group: number): string => (pair.hasSkip ? `texelFetch(skipped, ivec3(at, first + ${group}), 0)` : "vec4(0.0)");
  const ends = (group: number): string => (pair.isRectified ? `max(sum${group}, 0.0)` : `sum${group}`);
  return `${HEAD}
uniform sampler2DArray maps;
uniform sampler2DArray skipped;
uniform int first;
uniform vec4 depth[${(pair.inputs / 4) * taps.length}];
uniform mat4 point[${(pair.inputs / 4) * groups}];
${outputs(groups)}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
${range(groups).map((group) => `  vec4 sum${group} = ${skip(group)};`).join("\n")}
  for (int from = 0; from < ${pair.inputs / 4}; from++) {
    vec4 seen = vec4(0.0);
${read.join("\n")}
${range(groups).map((group) => `    sum${group} += point[from * ${groups} + ${group}] * seen;`).join("\n")}
  }
${range(groups).map((group) => `  out${group} = ${ends(group)};`).join("\n")}
}
`;
}

/**
 * Luma with what the network adds (pixel shuffle), colour bicubically with OpenCV's kernel (Keys, a = -0.75) and its
 * repeated border. The canvas counts rows from below, everything else from above.
 */
export const JOIN = `${HEAD}
uniform sampler2D planes;
uniform sampler2DArray added;
uniform ivec2 size;
out vec4 colour;
const vec4 KEYS = vec4(-0.10546875, 0.87890625, 0.26171875, -0.03515625);
void main() {
  ivec2 fine = ivec2(gl_FragCoord.x, float(2 * size.y) - gl_FragCoord.y);
  ivec2 at = fine / 2, part = fine % 2, pad = ivec2(${PAD.join(", ")});
  vec4 four = texelFetch(added, ivec3(at + pad, 0), 0);
  float luma = texelFetch(planes, at + pad, 0).r + four[2 * part.y + part.x];
  luma = floor(clamp(luma, 0.0, 1.0) * 255.0 + 0.5) / 255.0;
  vec2 chroma = vec2(0.0);
  for (int y = 0; y < 4; y++) {
    vec2 row = vec2(0.0);
    for (int x = 0; x < 4; x++) {
      ivec2 near = clamp(at + part + ivec2(x - 2, y - 2), ivec2(0), size - 1);
      row += KEYS[part.x == 1 ? x : 3 - x] * texelFetch(planes, near + pad, 0).gb;
    }
    chroma += KEYS[part.y == 1 ? y : 3 - y] * row;
  }
  chroma = floor(clamp(chroma, 0.0, 1.0) * 255.0 + 0.5) / 255.0 - 128.0 / 255.0;
  colour = vec4(luma + 1.403 * chroma.x, luma - 0.714 * chroma.x - 0.344 * chroma.y, luma + 1.773 * chroma.y, 1.0);
}
`;

/** The kernels of outputs `start` to `start + count` of the first layer, tap by tap. */
export function firstKernels(first: Float32Array, start: number, count: number): Float32Array {
  const part = new Float32Array(9 * count);
  for (let tap = 0; tap < 9; tap += 1) {
    part.set(first.subarray(tap * FIRST_OUTPUTS + start, tap * FIRST_OUTPUTS + start + count), tap * count);
  }
  return part;
}

/** A depthwise layer as the shader reads it: for every four channels all taps. */
export function packDepth(depth: Float32Array, inputs: number): Float32Array {
  const taps = depth.length / inputs;
  const packed = new Float32Array(depth.length);
  for (let from = 0; from < inputs; from += 4) {
    for (let tap = 0; tap < taps; tap += 1) {
      packed.set(depth.subarray(tap * inputs + from, tap * inputs + from + 4), from * taps + 4 * tap);
    }
  }
  return packed;
}

function outputs(groups: number): string {
  return range(groups).map((group) => `layout(location = ${group}) out vec4 out${group};`).join("\n");
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
