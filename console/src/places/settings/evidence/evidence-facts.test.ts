import { expect, it } from "vitest";
import { behindOf, groupFingerprint, isCheckpointLate, signsWithOne } from "./evidence-facts";

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
it("only the present key tells whether the log is signed once", () => {
  const before = { to: "2026-11-30T00:00:00Z", signatures: ["Ed25519"] };
  const both = { to: null, signatures: ["Ed25519", "ML-DSA-44"] };
  expect([signsWithOne([before, both]), signsWithOne([{ ...before, to: null }]), signsWithOne([])]).toEqual([
    false,
    true,
    false,
  ]);
});
