import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Drawing, type EnhanceState, TileEnhancer } from "./tile-enhancer";

/** A machine: drawing a picture takes so long, by its own clock. */
class Machine {
  nowMs = 0;
  costMs = 10;
  drawn = 0;
  readonly states: EnhanceState[] = [];
  readonly video = Object.assign(new EventTarget(), {
    readyState: 4,
    paused: false,
    playbackRate: 1,
    videoWidth: 640,
    videoHeight: 360,
    clientWidth: 1280,
    clientHeight: 720,
    callback: null as (() => void) | null,
    requestVideoFrameCallback(callback: () => void): number {
      this.callback = callback;
      return 1;
    },
    cancelVideoFrameCallback(): void {
      this.callback = null;
    },
  });
  readonly canvas = {
    width: 0,
    height: 0,
    hidden: true,
    dataset: {},
    getContext: () => ({ fillRect() {}, fillText() {}, measureText: () => ({ width: 90 }) }),
  };
  pictureMs: number | null = 40;
  readonly #drawing: Drawing = {
    isLost: false,
    draw: () => {
      this.drawn += 1;
    },
    finish: () => {
      this.nowMs += this.costMs;
    },
    onLost: () => () => undefined,
    prepare: async () => undefined,
  };

  async start(): Promise<TileEnhancer> {
    const enhancer = new TileEnhancer(
      this.video as unknown as HTMLVideoElement,
      this.canvas as unknown as HTMLCanvasElement,
      {
        pool: { take: () => this.#drawing, giveBack: () => undefined },
        label: "Enhanced",
        qp: () => null,
        pictureMs: () => this.pictureMs,
        now: () => this.nowMs,
        onState: (state) => this.states.push(state),
      },
    );
    enhancer.start();
    await new Promise((resolve) => setTimeout(resolve)); // the weights are there
    return enhancer;
  }

  /** The video shows so many pictures; on a busy machine few of the stream's. */
  show(pictures: number): void {
    for (let count = 0; count < pictures; count += 1) this.video.callback?.();
  }

  get words(): string[] {
    return this.states.map(({ word }) => word);
  }
}

beforeEach(() => {
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

describe("TileEnhancer", () => {
  it("shows enlarged pictures where they take less than the stream gives, and says how long", async () => {
    const machine = new Machine();
    await machine.start();
    machine.show(12);
    expect(machine.words).toEqual(["starting", "on", "on"]);
    expect(machine.states.at(-1)).toEqual({ word: "on", costMs: 10, intervalMs: 40 });
    expect([machine.canvas.hidden, machine.canvas.width, machine.canvas.height]).toEqual([false, 1280, 720]);
  });

  it("gives way to the plain picture where they take longer, says how long, and draws no more", async () => {
    const machine = new Machine();
    machine.costMs = 55;
    await machine.start();
    machine.show(30);
    expect(machine.states.at(-1)).toEqual({ word: "slow", costMs: 55, intervalMs: 40 });
    expect([machine.canvas.hidden, machine.canvas.width]).toEqual([true, 0]);
    expect(machine.drawn).toBe(7); // two are not measured, five make a median
    expect(machine.video.callback).toBeNull();
  });

  it("is not fooled by a plain video that stutters itself: the stream's pace counts, not what is shown of it", async () => {
    const machine = new Machine();
    machine.costMs = 55;
    await machine.start();
    for (let count = 0; count < 8; count += 1) {
      machine.nowMs += 160; // three of four pictures are left out
      machine.show(1);
    }
    expect(machine.words.at(-1)).toBe("slow");
  });

  it("gives way when the machine becomes slow, and when a recording is played faster", async () => {
    const machine = new Machine();
    await machine.start();
    machine.show(30);
    expect(machine.words.at(-1)).toBe("on");
    machine.costMs = 90;
    machine.show(200);
    expect(machine.words.at(-1)).toBe("slow");
    const faster = new Machine();
    faster.costMs = 25;
    await faster.start();
    faster.show(12);
    expect(faster.words.at(-1)).toBe("on");
    faster.video.playbackRate = 2;
    faster.show(1);
    expect(faster.words.at(-1)).toBe("slow");
  });

  it("shows the plain picture until the stream's pace is known, but a standing picture at once", async () => {
    const machine = new Machine();
    machine.pictureMs = null;
    await machine.start();
    machine.show(3);
    expect([machine.words, machine.canvas.hidden]).toEqual([["starting"], true]);
    machine.video.paused = true;
    machine.show(1);
    expect([machine.words.at(-1), machine.canvas.hidden]).toEqual(["on", false]);
  });

  it("takes no time for too long while nothing moves", async () => {
    const machine = new Machine();
    machine.costMs = 900;
    machine.video.paused = true;
    await machine.start();
    machine.show(30);
    expect(machine.words.at(-1)).toBe("on");
  });

  it("shows nothing of a picture once the video is emptied, nor when it is stopped", async () => {
    const machine = new Machine();
    const enhancer = await machine.start();
    machine.show(12);
    machine.video.dispatchEvent(new Event("emptied"));
    expect([machine.canvas.hidden, machine.canvas.width, machine.canvas.height]).toEqual([true, 0, 0]);
    expect(machine.words.at(-1)).toBe("starting");
    machine.show(1);
    expect(machine.canvas.hidden).toBe(false);
    enhancer.stop();
    expect([machine.canvas.hidden, machine.canvas.width]).toEqual([true, 0]);
  });
});
