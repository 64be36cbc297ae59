import { describe, expect, it } from "vitest";
import type { RecordingPlan } from "../../../api/types";
import { differencesOf, faultsOf, formOf, isFaultless, planOf } from "./plan";

const PLAN: RecordingPlan = {
  mode: "continuous",
  calendar: [{ days: [5, 6], from: "00:00", to: "24:00", mode: "motion" }],
  timezone: "Asia/Ho_Chi_Minh",
  pre_s: 5,
  post_s: 10,
  motion: { use_packet_sizes: true },
  retention: [{ mode: "continuous", min_days: 7, max_days: 30 }],
  volumes: ["main"],
};

describe("form", () => {
  it("opened and saved untouched changes nothing", () => {
    expect(planOf(formOf(PLAN))).toEqual(PLAN);
    expect(differencesOf(PLAN, planOf(formOf(PLAN)))).toEqual([]);
  });
  it("refuses a minimum above the maximum, but no maximum is no limit", () => {
    const form = formOf(PLAN);
    const terms = (min: string, max: string) =>
      faultsOf({ ...form, retention: { ...form.retention, motion: { min, max } } }).retention.motion;
    expect([terms("30", "7"), terms("30", ""), terms("x", "1")]).toEqual(["order", undefined, "number"]);
  });
  it("refuses seconds that are no number, instead of saving zero", () => {
    expect(isFaultless(faultsOf({ ...formOf(PLAN), preS: "five" }))).toBe(false);
    expect(isFaultless(faultsOf({ ...formOf(PLAN), preS: "2,5" }))).toBe(true);
  });
});

describe("difference", () => {
  it("names what changes, retention by mode", () => {
    const after = {
      ...PLAN,
      mode: "motion" as const,
      retention: [{ mode: "motion" as const, min_days: 1, max_days: 0 }],
    };
    expect(differencesOf(PLAN, after).map((one) => one.mode ?? one.field)).toEqual(["mode", "continuous", "motion"]);
  });
  it("takes two spellings of one week for the same", () => {
    const split = [5, 6].map((day) => ({ days: [day], from: "00:00", to: "24:00", mode: "motion" as const }));
    expect(differencesOf(PLAN, { ...PLAN, calendar: split })).toEqual([]);
  });
});
