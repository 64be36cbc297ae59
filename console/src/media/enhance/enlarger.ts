/**
 * Pictures twice as large, on the graphics processor. One for a whole page: browsers allow few contexts, and the maps
 * of a 640 x 360 stream take 40 MB. Design: docs/design/enhance.md, "Tiles".
 */

import { fetchSet, type SetName, vectorOf } from "./bank";
import { FIRST_OUTPUTS, packPoint, PAIRS, SCALE, sliceOutputs, type WeightSet } from "./network";
import { firstKernels, firstShader, JOIN, packDepth, PAD, pairShader, PASS_OUTPUTS, SPLIT, VERTEX } from "./shaders";

/** Half floats and the rounding to 8 bits: on every pixel of the made picture the result is within one level. */
const TOLERANCE = 1;
const SIZES_KEPT = 4;

/** Why there is no enhancing: `unsupported` by this browser or machine, or `wrong` numbers. */
export class EnhanceError extends Error {
  readonly code: "unsupported" | "wrong";

  constructor(code: "unsupported" | "wrong", message: string) {
    super(message);
    this.code = code;
  }
}

/** One drawing: a program, and what it needs. */
interface Pass {
  readonly program: WebGLProgram;
  readonly maps: keyof Maps;
  readonly into: keyof Maps;
  readonly firstLayer: number;
  readonly layers: number;
  readonly vectors: Float32Array;
  readonly matrices: Float32Array | null;
}

/** Everything that depends on the picture's size. */
interface Maps {
  readonly planes: WebGLTexture;
  readonly skipped: WebGLTexture;
  readonly narrow: WebGLTexture;
  readonly wide: WebGLTexture;
  readonly added: WebGLTexture;
}

export class Enlarger {
  readonly canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  readonly #framebuffer: WebGLFramebuffer;
  readonly #split: WebGLProgram;
  readonly #first: WebGLProgram;
  readonly #pairs: readonly WebGLProgram[];
  readonly #join: WebGLProgram;
  readonly #picture: WebGLTexture;
  readonly #sizes = new Map<string, Maps>();
  readonly #asked = new Map<SetName, Promise<void>>();
  readonly #ready = new Map<SetName, readonly Pass[]>();
  readonly #lost = new Set<() => void>();

  /** Throws EnhanceError where there is no WebGL2 with float targets. */
  constructor() {
    this.canvas = document.createElement("canvas");
    const gl = this.canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, powerPreference: "high-performance" });
    if (!gl) throw new EnhanceError("unsupported", "there is no WebGL2");
    if (!gl.getExtension("EXT_color_buffer_float") && !gl.getExtension("EXT_color_buffer_half_float")) {
      throw new EnhanceError("unsupported", "there are no float render targets");
    }
    this.#gl = gl;
    this.canvas.addEventListener("webglcontextlost", this.#onLost);
    this.#framebuffer = gl.createFramebuffer();
    this.#picture = this.#texture(gl.TEXTURE_2D);
    this.#split = this.#compile(SPLIT);
    this.#first = this.#compile(firstShader());
    this.#pairs = PAIRS.map((pair) => this.#compile(pairShader(pair)));
    this.#join = this.#compile(JOIN);
    gl.bindVertexArray(gl.createVertexArray());
    gl.disable(gl.DITHER);
  }

  get isLost(): boolean {
    return this.#gl.isContextLost();
  }

  /** Calls back when the graphics processor is taken away; returns what takes this back. */
  onLost(call: () => void): () => void {
    this.#lost.add(call);
    return () => void this.#lost.delete(call);
  }

  /** Fetches a set and proves it: this machine's numbers against those of the Python network. Rejects with EnhanceError. */
  prepare(name: SetName): Promise<void> {
    let asked = this.#asked.get(name);
    if (!asked) {
      asked = fetchSet(name).then((weights) => this.#check(name, this.#plan(weights)));
      asked.catch(() => this.#asked.delete(name)); // a fetch that failed is tried again next time
      this.#asked.set(name, asked);
    }
    return asked;
  }

  /** Enlarges a picture with a prepared set and draws it on a canvas of twice its size. */
  draw(target: CanvasRenderingContext2D, source: TexImageSource, width: number, height: number, name: SetName): void {
    const passes = this.#ready.get(name);
    if (!passes) throw new Error(`the set ${name} is not prepared`);
    this.#run(source, width, height, passes);
    const [wide, high] = [SCALE * width, SCALE * height];
    target.drawImage(this.canvas, 0, this.canvas.height - high, wide, high, 0, 0, wide, high);
  }

  /** Waits until everything asked for is drawn. */
  finish(): void {
    this.#gl.readPixels(0, 0, 1, 1, this.#gl.RGBA, this.#gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  close(): void {
    this.canvas.removeEventListener("webglcontextlost", this.#onLost);
    this.#lost.clear();
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.canvas.width = this.canvas.height = 0;
  }

  readonly #onLost = (event: Event): void => {
    event.preventDefault();
    for (const call of [...this.#lost]) call();
  };

  #compile(fragment: string): WebGLProgram {
    const gl = this.#gl;
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]] as const) {
      const shader = gl.createShader(kind) as WebGLShader;
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      gl.deleteShader(shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
      throw new EnhanceError("unsupported", `a shader was refused: ${gl.getProgramInfoLog(program)}`);
    }
    return program;
  }

  #texture(kind: number): WebGLTexture {
    const gl = this.#gl;
    const texture = gl.createTexture();
    gl.bindTexture(kind, texture);
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(kind, filter, gl.NEAREST);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(kind, side, gl.CLAMP_TO_EDGE);
    return texture;
  }

  #mapsOf(width: number, height: number): Maps {
    const key = `${width}x${height}`;
    let maps = this.#sizes.get(key);
    if (!maps) {
      if (this.#sizes.size === SIZES_KEPT) this.#dropOldest();
      maps = this.#makeMaps(width + 2 * PAD[0], height + 2 * PAD[1]);
    }
    this.#sizes.delete(key);
    this.#sizes.set(key, maps); // the newest is the last
    return maps;
  }

  #dropOldest(): void {
    const [key, maps] = [...this.#sizes][0] as [string, Maps];
    for (const texture of Object.values(maps) as WebGLTexture[]) this.#gl.deleteTexture(texture);
    this.#sizes.delete(key);
  }

  /** Textures of zeros. */
  #makeMaps(width: number, height: number): Maps {
    const gl = this.#gl;
    const array = (channels: number): WebGLTexture => {
      const texture = this.#texture(gl.TEXTURE_2D_ARRAY);
      gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl.RGBA16F, width, height, channels / 4);
      return texture;
    };
    const planes = this.#texture(gl.TEXTURE_2D);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, width, height);
    return { planes, skipped: array(FIRST_OUTPUTS), narrow: array(16), wide: array(32), added: array(4) };
  }

  #plan(weights: WeightSet): Pass[] {
    const halves = range(FIRST_OUTPUTS / PASS_OUTPUTS).map(
      (half): Pass => ({
        program: this.#first,
        maps: "planes",
        into: "skipped",
        firstLayer: (half * PASS_OUTPUTS) / 4,
        layers: PASS_OUTPUTS / 4,
        vectors: firstKernels(weights.first, half * PASS_OUTPUTS, PASS_OUTPUTS),
        matrices: null,
      }),
    );
    const from: (keyof Maps)[] = ["skipped", "narrow", "wide", "narrow"];
    const into: (keyof Maps)[] = ["narrow", "wide", "narrow", "added"];
    const rest = PAIRS.flatMap((pair, index) => {
      const { depth, point } = weights.pairs[index] as WeightSet["pairs"][number];
      const count = Math.min(pair.outputs, PASS_OUTPUTS);
      return range(pair.outputs / count).map(
        (half): Pass => ({
          program: this.#pairs[index] as WebGLProgram,
          maps: from[index] as keyof Maps,
          into: into[index] as keyof Maps,
          firstLayer: (half * count) / 4,
          layers: count / 4,
          vectors: packDepth(depth, pair.inputs),
          matrices: packPoint(sliceOutputs(point, pair.outputs, half * count, count), pair.inputs, count),
        }),
      );
    });
    return [...halves, ...rest];
  }

  #run(source: TexImageSource, width: number, height: number, passes: readonly Pass[]): void {
    const gl = this.#gl;
    const maps = this.#mapsOf(width, height);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#picture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, source);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#framebuffer);
    gl.viewport(PAD[0], PAD[1], width, height);
    this.#aim([null]);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, maps.planes, 0);
    gl.useProgram(this.#split);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    for (const pass of passes) this.#runPass(pass, maps);
    this.#show(maps, width, height);
  }

  #runPass(pass: Pass, maps: Maps): void {
    const gl = this.#gl;
    const { program } = pass;
    gl.useProgram(program);
    this.#aim(range(pass.layers).map((layer) => [maps[pass.into], pass.firstLayer + layer]));
    if (pass.maps === "planes") {
      gl.bindTexture(gl.TEXTURE_2D, maps.planes);
      gl.uniform4fv(gl.getUniformLocation(program, "kernel"), pass.vectors);
    } else {
      gl.bindTexture(gl.TEXTURE_2D_ARRAY, maps[pass.maps]);
      this.#bindSecond(program, "skipped", maps.skipped);
      gl.uniform1i(gl.getUniformLocation(program, "first"), pass.firstLayer);
      gl.uniform4fv(gl.getUniformLocation(program, "depth"), pass.vectors);
      gl.uniformMatrix4fv(gl.getUniformLocation(program, "point"), false, pass.matrices as Float32Array);
    }
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** Makes layers of an array texture the render targets; the others are taken off. */
  #aim(targets: readonly ([WebGLTexture, number] | null)[]): void {
    const gl = this.#gl;
    for (const index of range(PASS_OUTPUTS / 4)) {
      const [texture, layer] = targets[index] ?? [null, 0];
      gl.framebufferTextureLayer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0 + index, texture, 0, layer);
    }
    gl.drawBuffers(targets.map((_, index) => gl.COLOR_ATTACHMENT0 + index));
  }

  #bindSecond(program: WebGLProgram, name: string, texture: WebGLTexture): void {
    const gl = this.#gl;
    const place = gl.getUniformLocation(program, name);
    if (!place) return; // the shader does without
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    gl.uniform1i(place, 1);
    gl.activeTexture(gl.TEXTURE0);
  }

  #show(maps: Maps, width: number, height: number): void {
    const gl = this.#gl;
    if (this.canvas.width < SCALE * width) this.canvas.width = SCALE * width;
    if (this.canvas.height < SCALE * height) this.canvas.height = SCALE * height;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, SCALE * width, SCALE * height);
    gl.useProgram(this.#join);
    gl.bindTexture(gl.TEXTURE_2D, maps.planes);
    this.#bindSecond(this.#join, "added", maps.added);
    gl.uniform2i(gl.getUniformLocation(this.#join, "size"), width, height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** Keeps the passes when they make what Python's network makes. */
  #check(name: SetName, passes: readonly Pass[]): void {
    const { width, height, input, output } = vectorOf(name);
    const grey = new ImageData(width, height);
    grey.data.forEach((_, at) => void (grey.data[at] = at % 4 === 3 ? 255 : (input[at >> 2] as number)));
    this.#run(grey, width, height, passes);
    const [wide, high] = [SCALE * width, SCALE * height];
    const shown = new Uint8Array(4 * wide * high);
    this.#gl.readPixels(0, 0, wide, high, this.#gl.RGBA, this.#gl.UNSIGNED_BYTE, shown);
    for (let at = 0; at < wide * high; at += 1) {
      const row = high - 1 - Math.floor(at / wide); // rows come from below
      const difference = Math.abs((shown[4 * (row * wide + (at % wide))] as number) - (output[at] as number));
      if (difference > TOLERANCE) throw new EnhanceError("wrong", `${name}: a pixel is ${difference} levels off`);
    }
    this.#ready.set(name, passes);
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
