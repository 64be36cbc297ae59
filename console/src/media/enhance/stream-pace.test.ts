import { describe, expect, it } from "vitest";
// Twelve pictures in one fragment.
import clips from "./quantiser-clips.json";
import { StreamPace } from "./stream-pace";

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "base64"));
const FRAGMENT = bytesOf(clips.main.fragment);
const RUN = FRAGMENT.findIndex((_, at) => String.fromCharCode(...FRAGMENT.subarray(at, at + 4)) === "trun");

describe("StreamPace", () => {
  it("divides what a fragment lasts by its pictures", () => {
    const pace = new StreamPace();
    expect(pace.pictureMs).toBeNull();
    pace.fragment(FRAGMENT, 0.48);
    expect(pace.pictureMs).toBeCloseTo(40);
  });

  it("counts the pictures of fragments that were joined, and says nothing of fewer than four", () => {
    const pace = new StreamPace();
    pace.fragment(Uint8Array.from([...FRAGMENT, ...FRAGMENT]), 0.96);
    expect(pace.pictureMs).toBeCloseTo(40);
    const one = FRAGMENT.slice();
    new DataView(one.buffer).setUint32(RUN + 8, 1);
    const early = new StreamPace();
    for (let count = 0; count < 3; count += 1) early.fragment(one, 0.04);
    expect(early.pictureMs).toBeNull();
    early.fragment(one, 0.04);
    expect(early.pictureMs).toBeCloseTo(40);
  });

  it("is not moved by a fragment that lasted long, and follows a stream that became slower", () => {
    const pace = new StreamPace();
    for (let count = 0; count < 6; count += 1) pace.fragment(FRAGMENT, count === 3 ? 9 : 0.48);
    expect(pace.pictureMs).toBeCloseTo(40);
    for (let count = 0; count < 32; count += 1) pace.fragment(FRAGMENT, 1.2);
    expect(pace.pictureMs).toBeCloseTo(100);
  });

  it("says nothing of damaged or cut bytes, nor of no time, and forgets the stream before", () => {
    const pace = new StreamPace();
    for (const body of [new Uint8Array(0), new Uint8Array(64), FRAGMENT.subarray(0, RUN + 9)]) pace.fragment(body, 1);
    pace.fragment(FRAGMENT, 0);
    expect(pace.pictureMs).toBeNull();
    pace.fragment(FRAGMENT, 0.48);
    pace.init();
    expect(pace.pictureMs).toBeNull();
  });
});
