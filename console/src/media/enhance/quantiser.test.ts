import { describe, expect, it } from "vitest";
import { QuantiserMeter } from "./quantiser";
// Twelve pictures of 64 x 48 each, encoded by x264; `qp` is the mean over all blocks that a decoder tells.
import clips from "./quantiser-clips.json";

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "base64"));

describe("QuantiserMeter", () => {
  it.each(Object.entries(clips))("reads the slices of the %s profile", (_, { qp, init, fragment }) => {
    const meter = new QuantiserMeter();
    expect(meter.qp).toBeNull();
    meter.init(bytesOf(init));
    meter.fragment(bytesOf(fragment));
    expect(Math.abs((meter.qp as number) - qp)).toBeLessThan(1.5); // blocks differ from what their slice begins with
  });

  it("says nothing about other codecs, damaged or cut bytes", () => {
    const { init, fragment } = clips.main;
    const other = bytesOf(init);
    const box = other.findIndex((_, at) => String.fromCharCode(...other.subarray(at, at + 4)) === "avcC");
    other[box] = 0x78;
    for (const [head, body] of [
      [other, bytesOf(fragment)],
      [bytesOf(init).subarray(0, box + 14), bytesOf(fragment)],
      [bytesOf(init), new Uint8Array(40)],
      [bytesOf(init), bytesOf(fragment).map((byte, at) => (at > 120 ? 255 : byte))],
    ] as const) {
      const meter = new QuantiserMeter();
      meter.init(head);
      meter.fragment(body);
      expect(meter.qp).toBeNull();
    }
  });

  it("forgets the stream before at a new init", () => {
    const meter = new QuantiserMeter();
    meter.init(bytesOf(clips.main.init));
    meter.fragment(bytesOf(clips.main.fragment));
    meter.init(bytesOf(clips.high.init));
    expect(meter.qp).toBeNull();
  });
});
