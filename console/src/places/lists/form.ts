// What a form of an entry holds, and what of it goes to the server. Pure.

import type { Watchlist, WatchlistEntry, WatchlistEntryInput, WatchlistInput } from "../../api/types";

export const TYPES = ["car", "bus", "truck", "van", "two_wheeler"] as const;
export const COLOURS = [
  "black",
  "gray",
  "white",
  "red",
  "orange",
  "brown",
  "yellow",
  "green",
  "blue",
  "purple",
  "pink",
] as const;

export interface EntryForm {
  plate: string;
  type: string;
  colour: string;
  reason: string;
  owner: string;
  note: string;
  /** As a field of date and time has it: `2026-11-21T10:15`, local. */
  from: string;
  to: string;
}

export const EMPTY_ENTRY: EntryForm = {
  plate: "",
  type: "",
  colour: "",
  reason: "",
  owner: "",
  note: "",
  from: "",
  to: "",
};

export function entryForm(entry: WatchlistEntry): EntryForm {
  const { plate, type, colour, reason, owner, note } = entry;
  return { plate, type, colour, reason, owner, note, from: toField(entry.from), to: toField(entry.to) };
}

/** Says something, and why it is there: what the server asks of it, too. */
export function isEntryReady(form: EntryForm): boolean {
  const saysSomething = /[a-z0-9đ]/i.test(form.plate) || form.type !== "" || form.colour !== "";
  return saysSomething && form.reason.trim() !== "";
}

export function entryInput(form: EntryForm): WatchlistEntryInput {
  return { ...form, from: fromField(form.from), to: fromField(form.to) };
}

/** A moment as the field of date and time shows it. */
export function toField(moment: string | null): string {
  if (moment === null) return "";
  const at = new Date(moment);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The instant that a field of date and time means here, null when it is empty. */
export function fromField(text: string): string | null {
  return text === "" ? null : new Date(text).toISOString();
}

export type Validity = "valid" | "coming" | "ended";

export function validityOf(entry: Pick<WatchlistEntry, "from" | "to">, nowMs: number): Validity {
  if (entry.to !== null && Date.parse(entry.to) <= nowMs) return "ended";
  return entry.from !== null && Date.parse(entry.from) > nowMs ? "coming" : "valid";
}

export const NEW_LIST: WatchlistInput = {
  name: "",
  kind: "wanted",
  subject: "vehicles",
  owner: "",
  purpose: "",
  retention_days: 30,
  enabled: true,
  cameras: [],
  alarm_unlisted: false,
};

export function listInput(list: Watchlist): WatchlistInput {
  const { name, kind, subject, owner, purpose, retention_days, enabled, cameras, alarm_unlisted } = list;
  return { name, kind, subject, owner, purpose, retention_days, enabled, cameras, alarm_unlisted };
}
