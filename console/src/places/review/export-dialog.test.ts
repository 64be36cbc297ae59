import { expect, it } from "vitest";
import { missingMs } from "./export-dialog";

const run = (from: number, to: number) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });

it("counts overlapping main and sub runs once", () => {
  expect(missingMs({ fromMs: 0, toMs: 10_000 }, [run(0, 6000), run(1000, 7000), run(9000, 20_000)])).toBe(2000);
});
it("misses everything when nothing is there", () => {
  expect(missingMs({ fromMs: 0, toMs: 10_000 }, [])).toBe(10_000);
});
