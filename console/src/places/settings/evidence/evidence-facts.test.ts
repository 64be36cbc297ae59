import { expect, it } from "vitest";
import { behindOf, groupFingerprint, isCheckpointLate } from "./evidence-facts";

it("groups a fingerprint without losing a digit", () => {
  const fingerprint = "0123456789abcdef".repeat(4);
  expect(groupFingerprint(fingerprint).replaceAll(" ", "")).toBe(fingerprint);
  expect(groupFingerprint(fingerprint).split(" ")).toHaveLength(16);
});
it("a log that never signed is late, not fresh", () => {
  expect([isCheckpointLate(null, 0), isCheckpointLate(0, 60_000), isCheckpointLate(0, 200_000)]).toEqual([
    true,
    false,
    true,
  ]);
});
it("names only volumes that wait, the worst first", () => {
  expect(behindOf({ main: 2, second: 0, third: 9 })).toEqual({
    total: 11,
    volumes: [
      ["third", 9],
      ["main", 2],
    ],
  });
});
