import { describe, expect, it } from "vitest";
import { daysUntilFull, troublesOf } from "./health-facts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const volume = {
  id: "v",
  path: "/v",
  state: "writable",
  reason: "",
  size_bytes: 4000,
  free_bytes: 1000,
  used_bytes: 2000,
  max_bytes: 0,
  oldest_at: new Date(NOW - 10 * 86_400_000).toISOString(),
};

describe("daysUntilFull", () => {
  it("goes by the rate of the footage that is there", () => {
    expect(daysUntilFull(volume, NOW)).toBe(5);
  });
  it("takes a limit on the volume into account", () => {
    expect(daysUntilFull({ ...volume, max_bytes: 2400 }, NOW)).toBe(2);
    expect(daysUntilFull({ ...volume, max_bytes: 2000 }, NOW)).toBe(0);
  });
  it("does not guess from a minute of footage", () => {
    expect(daysUntilFull({ ...volume, oldest_at: new Date(NOW - 60_000).toISOString() }, NOW)).toBeNull();
    expect(daysUntilFull({ ...volume, oldest_at: null, used_bytes: 0 }, NOW)).toBeNull();
  });
});

it("names every weakened control and lost process, and nothing that is well", () => {
  const system = {
    processes: [
      { role: "recorder", state: "running", reason: "" },
      { role: "analyzer", state: "unavailable", reason: "no answer" },
    ],
    volumes: [volume],
    controls: [{ name: "jail", state: "absent", detail: "no Landlock" }],
  };
  expect(troublesOf(system as never).map((trouble) => trouble.key)).toEqual(["analyzer", "jail"]);
});
