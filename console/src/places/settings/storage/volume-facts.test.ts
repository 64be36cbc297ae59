import { describe, expect, it } from "vitest";
import { adviceOf, readBytes, sharesOf, writeBytes } from "./volume-facts";

describe("sharesOf", () => {
  it("adds up to the whole disk, held footage as a part of the recorded", () => {
    const shares = sharesOf({ size_bytes: 100, free_bytes: 30, used_bytes: 60, held_bytes: 20 });
    expect(shares).toEqual({ held: 0.2, used: 0.39999999999999997, others: 0.10000000000000003, free: 0.3 });
  });
  it("never draws outside its bar when figures of two moments disagree", () => {
    const shares = sharesOf({ size_bytes: 100, free_bytes: 60, used_bytes: 70, held_bytes: 90 });
    expect(shares.held + shares.used + shares.others + shares.free).toBeCloseTo(1);
    expect(Math.min(...Object.values(shares))).toBeGreaterThanOrEqual(0);
  });
  it("draws nothing of a disk that does not tell its size", () => {
    expect(sharesOf({ size_bytes: 0, free_bytes: 0, used_bytes: 5, held_bytes: 5 }).used).toBe(0);
  });
});

describe("adviceOf", () => {
  const good = { state: "writable", spilled_cameras: 0, held_bytes: 0, used_bytes: 10, longest_commit_s: 0.1 } as const;
  it("says nothing of a volume that is well", () => expect(adviceOf(good)).toEqual([]));
  it("tells the failure before its consequence", () => {
    expect(adviceOf({ ...good, state: "failed", spilled_cameras: 3 })).toEqual(["failed", "spilled"]);
  });
  it("tells holds that take most of the footage", () => {
    expect(adviceOf({ ...good, held_bytes: 6 })).toEqual(["held"]);
  });
});

describe("sizes", () => {
  it("reads what people write", () => {
    expect([readBytes("500 GB"), readBytes("1,5tb"), readBytes("20"), readBytes("")]).toEqual([5e11, 1.5e12, 2e10, 0]);
  });
  it("refuses what says no size", () => {
    expect([readBytes("much"), readBytes("-5 GB"), readBytes("5 GiB x")]).toEqual([null, null, null]);
  });
  it("writes what it reads back", () => {
    for (const bytes of [1e9, 2.5e12, 1 << 30, 123_456_789]) expect(readBytes(writeBytes(bytes))).toBe(bytes);
  });
});
