import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SyncClock } from "./sync-clock";

let nowMs = 0;
let clock: SyncClock;
const changes: string[] = [];

class Follower {
  isReady = true;
  gapEndMs: number | null = null;
  heard: string[] = [];
  clockChanged(change: string): void {
    this.heard.push(change);
  }
}

function pass(ms: number): void {
  nowMs += ms;
  clock.tick();
}

beforeEach(() => {
  vi.useFakeTimers();
  nowMs = 0;
  changes.length = 0;
  clock = new SyncClock({ now: () => nowMs, onChange: () => changes.push("x") });
});
afterEach(() => {
  clock.stop();
  vi.useRealTimers();
});

describe("SyncClock", () => {
  test("runs at its speed and stands when paused", () => {
    clock.seek(1_000_000);
    clock.play();
    pass(1000);
    expect(clock.nowMs).toBe(1_001_000);
    clock.setSpeed(4);
    pass(1000);
    expect(clock.nowMs).toBe(1_005_000);
    clock.pause();
    pass(1000);
    expect(clock.nowMs).toBe(1_005_000);
    expect(() => clock.setSpeed(100)).toThrow(RangeError);
  });

  test("waits for a follower without a picture, then goes on from where it stood", () => {
    const follower = new Follower();
    clock.attach(follower);
    clock.seek(1_000_000);
    follower.isReady = false;
    clock.play();
    pass(500);
    expect(clock.isWaiting).toBe(true);
    expect(clock.nowMs).toBe(1_000_000);
    follower.isReady = true;
    pass(10);
    pass(100);
    expect(clock.isWaiting).toBe(false);
    expect(clock.nowMs).toBe(1_000_100);
  });

  test("one dead camera does not stop the others for ever", () => {
    const dead = new Follower();
    dead.isReady = false;
    clock.attach(dead);
    clock.attach(new Follower());
    clock.seek(1_000_000);
    clock.play();
    for (let count = 0; count < 60; count += 1) pass(100);
    expect(clock.isWaiting).toBe(false);
    expect(clock.nowMs).toBeGreaterThan(1_000_000);
  });

  test("jumps over time of which nobody has footage, to the first that goes on", () => {
    const [one, two] = [new Follower(), new Follower()];
    clock.attach(one);
    clock.attach(two);
    clock.seek(1_000_000);
    clock.play();
    pass(10);
    one.gapEndMs = 1_060_000;
    pass(10);
    expect(clock.nowMs).toBeLessThan(1_060_000);
    two.gapEndMs = 1_050_000;
    pass(10);
    expect(clock.nowMs).toBe(1_050_000);
    expect(two.heard.filter((change) => change === "seek")).toHaveLength(2);
  });

  test("when all are at their end it does not jump into nowhere", () => {
    const follower = new Follower();
    follower.gapEndMs = Number.POSITIVE_INFINITY;
    clock.attach(follower);
    clock.seek(1_000_000);
    clock.play();
    pass(10);
    pass(10);
    expect(Number.isFinite(clock.nowMs)).toBe(true);
  });

  test("a follower that left is not waited for", () => {
    const follower = new Follower();
    follower.isReady = false;
    const leave = clock.attach(follower);
    clock.seek(1_000_000);
    leave();
    clock.attach(new Follower());
    clock.play();
    pass(10);
    pass(100);
    expect(clock.nowMs).toBeGreaterThan(1_000_000);
  });
});
