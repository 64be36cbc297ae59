// A recording plan as a form, and what would change. Pure.

import type { RecordingMode, RecordingPlan } from "../../../api/types";
import { readWeek, type Week, writeWeek } from "./week";

export const MODES = ["continuous", "motion", "event", "off"] as const satisfies readonly RecordingMode[];
/** Modes that leave footage to keep. */
export const KEPT_MODES = ["continuous", "motion", "event"] as const satisfies readonly RecordingMode[];
export type KeptMode = (typeof KEPT_MODES)[number];

export interface PlanForm {
  mode: RecordingMode;
  week: Week;
  timezone: string;
  preS: string;
  postS: string;
  usePacketSizes: boolean;
  retention: Record<KeptMode, { min: string; max: string }>;
  volumes: readonly string[];
}

const daysText = (days: number | undefined): string => (days ? String(days) : "");

export function formOf(plan: RecordingPlan): PlanForm {
  const term = (mode: KeptMode) => {
    const found = plan.retention.find((one) => one.mode === mode);
    return { min: daysText(found?.min_days), max: daysText(found?.max_days) };
  };
  return {
    mode: plan.mode,
    week: readWeek(plan.calendar),
    timezone: plan.timezone,
    preS: String(plan.pre_s),
    postS: String(plan.post_s),
    usePacketSizes: plan.motion.use_packet_sizes,
    retention: { continuous: term("continuous"), motion: term("motion"), event: term("event") },
    volumes: plan.volumes,
  };
}

/** A number of zero or more, null for anything else; a comma is a point. Empty is zero. */
export function readNumber(text: string): number | null {
  const trimmed = text.trim().replace(",", ".");
  if (trimmed === "") return 0;
  return /^\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : null;
}

export interface PlanFaults {
  preS?: "number";
  postS?: "number";
  retention: Partial<Record<KeptMode, "number" | "order">>;
}

export function faultsOf(form: PlanForm): PlanFaults {
  const retention: PlanFaults["retention"] = {};
  for (const mode of KEPT_MODES) {
    const [min, max] = [readNumber(form.retention[mode].min), readNumber(form.retention[mode].max)];
    if (min === null || max === null) retention[mode] = "number";
    else if (max > 0 && min > max) retention[mode] = "order";
  }
  return {
    retention,
    ...(readNumber(form.preS) === null ? { preS: "number" as const } : {}),
    ...(readNumber(form.postS) === null ? { postS: "number" as const } : {}),
  };
}

export const isFaultless = (faults: PlanFaults): boolean =>
  faults.preS === undefined && faults.postS === undefined && Object.keys(faults.retention).length === 0;

/** The plan that a faultless form means. */
export function planOf(form: PlanForm): RecordingPlan {
  return {
    mode: form.mode,
    calendar: writeWeek(form.week),
    timezone: form.timezone,
    pre_s: readNumber(form.preS) ?? 0,
    post_s: readNumber(form.postS) ?? 0,
    motion: { use_packet_sizes: form.usePacketSizes },
    retention: KEPT_MODES.map((mode) => ({
      mode,
      min_days: readNumber(form.retention[mode].min) ?? 0,
      max_days: readNumber(form.retention[mode].max) ?? 0,
    })).filter((one) => one.min_days > 0 || one.max_days > 0),
    volumes: [...form.volumes],
  };
}

export type PlanField = "mode" | "calendar" | "timezone" | "pre" | "post" | "packets" | "retention" | "volumes";

export interface PlanChange {
  field: PlanField;
  /** Whose retention. */
  mode?: KeptMode;
  before: RecordingPlan;
  after: RecordingPlan;
}

const termOf = (plan: RecordingPlan, mode: KeptMode): string => {
  const found = plan.retention.find((one) => one.mode === mode);
  return `${found?.min_days ?? 0} ${found?.max_days ?? 0}`;
};

/** What saving would change, field by field; two spellings of one week are no change. */
export function differencesOf(before: RecordingPlan, after: RecordingPlan): PlanChange[] {
  const differs: Record<Exclude<PlanField, "retention">, boolean> = {
    mode: before.mode !== after.mode,
    calendar: JSON.stringify(readWeek(before.calendar)) !== JSON.stringify(readWeek(after.calendar)),
    timezone: before.timezone !== after.timezone,
    pre: before.pre_s !== after.pre_s,
    post: before.post_s !== after.post_s,
    packets: before.motion.use_packet_sizes !== after.motion.use_packet_sizes,
    volumes: before.volumes.join("\n") !== after.volumes.join("\n"),
  };
  const fields = Object.entries(differs).flatMap(([field, isDifferent]) =>
    isDifferent ? [{ field: field as PlanField, before, after }] : [],
  );
  const terms = KEPT_MODES.filter((mode) => termOf(before, mode) !== termOf(after, mode)).map((mode) => ({
    field: "retention" as const,
    mode,
    before,
    after,
  }));
  return [...fields, ...terms];
}
