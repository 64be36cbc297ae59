import { describe, expect, it } from "vitest";
import { readWhen } from "./when";

const NOW = new Date(2026, 10, 21, 15, 30, 0); // Saturday
const local = (...parts: [number, number, number, number?, number?, number?]) => new Date(...parts);

describe("readWhen", () => {
  it.each([
    ["14:05", local(2026, 10, 21, 14, 5)],
    ["14:05:09", local(2026, 10, 21, 14, 5, 9)],
    ["yesterday 8pm", local(2026, 10, 20, 20)],
    ["yesterday at 12am", local(2026, 10, 20, 0)],
    ["-10m", new Date(NOW.getTime() - 600_000)],
    ["-1h30m", new Date(NOW.getTime() - 5_400_000)],
    ["hôm qua 20h15", local(2026, 10, 20, 20, 15)],
    ["hôm qua lúc 8 tối", local(2026, 10, 20, 20)],
    ["20/11 14:05", local(2026, 10, 20, 14, 5)],
    ["2026-11-02 07:00", local(2026, 10, 2, 7)],
    ["friday 9am", local(2026, 10, 20, 9)],
    ["saturday 9am", local(2026, 10, 14, 9)],
    ["2026-11-21T08:00:00Z", new Date("2026-11-21T08:00:00Z")],
  ])("understands %s", (text, expected) => {
    expect(readWhen(text, NOW)).toEqual(expected);
  });

  it("takes a bare time later than now as yesterday's", () => {
    expect(readWhen("23:10", NOW)).toEqual(local(2026, 10, 20, 23, 10));
  });

  it.each(["", "soon", "25:00", "31/02 10:00", "14", "-10", "12:61", "yesterday noonish"])("refuses %j", (text) => {
    expect(readWhen(text, NOW)).toBeNull();
  });
});
