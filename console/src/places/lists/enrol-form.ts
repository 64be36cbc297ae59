// What is written of a person before it is sent, and the server's complaints about single pictures. Pure.

import type { FieldError } from "../../api/problem";
import type { EnrolInput, Person, PersonInput } from "../../api/types";

export const PICTURES_AT_MOST = 5;

export interface EnrolForm {
  name: string;
  ground: "consent" | "legal";
  document: string;
  grantedOn: string;
  reason: string;
  until: string;
  keepPictures: boolean;
}

export const emptyForm = (today: string): EnrolForm => ({
  name: "",
  ground: "consent",
  document: "",
  grantedOn: today,
  reason: "",
  until: "",
  keepPictures: false,
});

/** A day as a date field gives it, `2026-11-28`, to the end of that day here. */
export function endOfDay(day: string): string | null {
  const [year, month, date] = day.split("-").map(Number);
  if (!year || !month || !date) return null;
  return new Date(year, month - 1, date + 1).toISOString();
}

export const isComplete = (form: EnrolForm, pictures: number): boolean =>
  pictures > 0 && [form.name, form.document, form.grantedOn, form.reason].every((text) => text.trim() !== "");

export function enrolBody(form: EnrolForm, pictures: readonly string[]): EnrolInput {
  return {
    name: form.name.trim(),
    ground: form.ground,
    document: form.document.trim(),
    granted_on: form.grantedOn,
    reason: form.reason.trim(),
    owner: "",
    note: "",
    to: form.until === "" ? null : endOfDay(form.until),
    keep_pictures: form.keepPictures,
    pictures: [...pictures],
  };
}

/** What is written of a person, as the fields show it. */
export function personForm(person: Person): EnrolForm {
  const { name, ground, document, granted_on: grantedOn, reason } = person;
  const until = person.to === null ? "" : new Date(Date.parse(person.to) - 1).toLocaleDateString("sv-SE");
  return { name, ground, document, grantedOn, reason, until, keepPictures: person.portraits > 0 };
}

/** What is changed of a person; an end whose day was left alone keeps its hour. */
export function changeBody(person: Person, form: EnrolForm): PersonInput {
  const { pictures: _, keep_pictures: __, ...written } = enrolBody(form, []);
  const to = form.until === personForm(person).until ? person.to : (written.to ?? null);
  return { ...written, owner: person.owner, note: person.note, from: person.from, to };
}

export interface PictureFault {
  /** A stable word: `face_blurred`, `several_faces`, … */
  code: string;
  words: string;
}

/** Complaints by the picture that they are about: `pictures.1` with `face_blurred: the face is blurred. …`. */
export function pictureFaults(errors: readonly FieldError[]): Map<number, PictureFault> {
  const found = new Map<number, PictureFault>();
  for (const { field, message } of errors) {
    const place = /^pictures\.(\d+)$/.exec(field)?.[1];
    if (place === undefined) continue;
    const [, code = "", words = message] = /^([a-z_]+): (.*)$/s.exec(message) ?? [];
    found.set(Number(place), { code, words });
  }
  return found;
}
