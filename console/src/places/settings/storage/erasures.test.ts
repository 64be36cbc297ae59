import { describe, expect, it } from "vitest";
import { isErasable } from "./erasures";

const plan = { holds: [] as string[], segments: 3, pictures: 0, out_of_reach: [] as string[] };

describe("an erasure can be ordered", () => {
  it("when footage or a picture would go, or a volume that cannot be looked into may have some", () => {
    expect(isErasable(plan)).toBe(true);
    expect(isErasable({ ...plan, segments: 0, pictures: 1 })).toBe(true);
    expect(isErasable({ ...plan, segments: 0, out_of_reach: ["b"] })).toBe(true);
  });

  it("never when something of it is held, nor when nothing is there", () => {
    expect(isErasable({ ...plan, holds: ["h"] })).toBe(false);
    expect(isErasable({ ...plan, segments: 0 })).toBe(false);
  });
});
