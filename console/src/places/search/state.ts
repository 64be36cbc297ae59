// What the address says about a search, what the words in the box mean, and the question that follows. Pure.

import type { Question } from "../../api/search";
import type { KeptSet, SearchWay, SearchWords } from "../../api/types";
import { MAKE, UNKNOWN } from "../../lib/attributes";
import { readWhen } from "../../lib/when";

export interface SearchAddress {
  q?: string;
  attributes?: string;
  source?: string;
  cameras?: string;
  from?: string;
  to?: string;
  like?: string;
  by?: string;
  why?: string;
  object?: string;
  trace?: string;
}

export type Attributes = Record<string, string[]>;
export type About = KeptSet["about"];
export type ObjectClass = SearchWords["classes"][number];

/** A phrase of the reader's language and what it asks. `colour` fits clothes and vehicles: the class decides. `about`:
 * of an operator's own categories, what they are told of. */
export interface Phrase {
  words: string;
  asks: { class: ObjectClass } | { attribute: [name: string, value: string]; about?: About } | { colour: string };
}

export interface Understood {
  plate: string;
  classes: ObjectClass[];
  attributes: Attributes;
  /** Words that mean nothing here: said, never quietly left out. */
  unknown: string[];
}

const VEHICLE_NAMES = ["type", "colour", MAKE];

/** `colour:red,type:car` and back. Own categories may have any signs: those with a meaning here are escaped. */
export function readAttributes(text: string | undefined): Attributes {
  const found: Attributes = {};
  for (const part of (text ?? "").split(",")) {
    const [name, value] = part.split(":").map(unescapeWord);
    if (name && value) found[name] = [...(found[name] ?? []), value];
  }
  return found;
}

const escapeWord = (word: string): string => word.replaceAll(/[%,:]/g, encodeURIComponent);
const unescapeWord = (word: string): string =>
  word.replaceAll(/%(25|2C|3A)/gi, (escaped) => decodeURIComponent(escaped));

export const writeAttributes = (attributes: Attributes): string =>
  Object.entries(attributes)
    .flatMap(([name, values]) => values.map((value) => `${escapeWord(name)}:${escapeWord(value)}`))
    .join(",");

/** An attribute and its values. `about`: of an own set, what it is told of. */
export interface Choice {
  attribute: string;
  values: string[];
  about?: About;
}

/** All that can be chosen: the house's attributes, the kept sets, and what an address asks of sets that are kept no more. */
export function listAttributes(words: Pick<SearchWords, "attributes" | "categories">, chosen: Attributes) {
  const fixed: Choice[] = Object.entries(words.attributes).map(([attribute, values]) => ({ attribute, values }));
  const kept: Choice[] = words.categories.map(({ name, about, categories }) => ({
    attribute: name,
    about,
    values: [...new Set([...categories, UNKNOWN, ...(chosen[name] ?? [])])],
  }));
  const known = new Set([...fixed, ...kept].map(({ attribute }) => attribute));
  const past = Object.entries(chosen).filter(([attribute]) => !known.has(attribute));
  return { fixed, own: [...kept, ...past.map(([attribute, values]): Choice => ({ attribute, values }))] };
}

/** One value in or out. */
export function toggleAttribute(attributes: Attributes, name: string, value: string): Attributes {
  const before = attributes[name] ?? [];
  const after = before.includes(value) ? before.filter((one) => one !== value) : [...before, value];
  const { [name]: _, ...rest } = attributes;
  return after.length > 0 ? { ...rest, [name]: after } : rest;
}

const isPlate = (word: string) => /[0-9?*]/.test(word) && /^[a-zđ0-9?*.\-_]+$/i.test(word);

/** Reads the box, the longest phrases first: `red car 51F*`, `nguoi ao do` in whatever language the phrases are. */
export function readWords(text: string, phrases: readonly Phrase[]): Understood {
  const left = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const understood: Understood = { plate: "", classes: [], attributes: {}, unknown: [] };
  const colours: string[] = [];
  const own = new Map<string, About>();
  const longest = [...phrases].sort((a, b) => b.words.length - a.words.length);
  while (left.length > 0) {
    const rest = left.join(" ");
    const hit = longest.find(({ words }) => rest === words || rest.startsWith(`${words} `));
    if (hit) {
      left.splice(0, hit.words.split(" ").length);
      if ("class" in hit.asks) understood.classes = [...new Set([...understood.classes, hit.asks.class])];
      else if ("colour" in hit.asks) colours.push(hit.asks.colour);
      else {
        understood.attributes = addAttribute(understood.attributes, ...hit.asks.attribute);
        if (hit.asks.about) own.set(hit.asks.attribute[0], hit.asks.about);
      }
      continue;
    }
    const word = left.shift() ?? "";
    if (isPlate(word)) understood.plate += word.toUpperCase();
    else understood.unknown.push(word);
  }
  for (const colour of colours) {
    for (const name of colourNames(understood, own)) {
      understood.attributes = addAttribute(understood.attributes, name, colour);
    }
  }
  return understood;
}

/** Which attributes a bare colour means: the paint of vehicles, the upper clothes of people, either when nothing says. */
function colourNames({ classes, attributes, plate }: Understood, own: ReadonlyMap<string, About>): string[] {
  const about = Object.keys(attributes).map(
    (name) => own.get(name) ?? (VEHICLE_NAMES.includes(name) ? "vehicle" : "person"),
  );
  const isVehicle = plate !== "" || classes.includes("vehicle") || about.includes("vehicle");
  const isPerson = classes.includes("person") || about.includes("person");
  if (isVehicle === isPerson) return ["colour", "upper_colour"];
  return isVehicle ? ["colour"] : ["upper_colour"];
}

const addAttribute = (attributes: Attributes, name: string, value: string): Attributes => ({
  ...attributes,
  [name]: [...new Set([...(attributes[name] ?? []), value])],
});

export const BIOMETRIC: readonly string[] = ["face", "appearance"];
const WAYS: readonly string[] = ["plate", "face", "appearance", "attributes"];
export const readWay = (text: string | undefined): SearchWay | undefined =>
  WAYS.includes(text ?? "") ? (text as SearchWay) : undefined;

export const SOURCES = ["cameras", "files", "both"] as const;
export type Source = (typeof SOURCES)[number];
export const readSource = (text: string | undefined): Source => SOURCES.find((source) => source === text) ?? "cameras";

const moment = (text: string | undefined, now: Date): string | null =>
  text ? (readWhen(text, now)?.toISOString() ?? null) : null;

/** Among which objects is searched; texts of times that mean none are left to the field to complain about. */
export function readRange(address: SearchAddress, now: Date) {
  return {
    source: readSource(address.source),
    cameras: (address.cameras ?? "").split(",").filter(Boolean),
    from: moment(address.from, now),
    to: moment(address.to, now),
  };
}

/** The question that an address asks; null while a search by face or appearance has no purpose. */
export function askOf(address: SearchAddress, understood: Understood, now: Date): Question | null {
  const range = { ...readRange(address, now), purpose: address.why ?? "" };
  const by = readWay(address.by);
  if (address.like) {
    if (by && BIOMETRIC.includes(by) && !range.purpose.trim()) return null;
    return { ...range, object_id: address.like, by: by ?? null, plate: "", classes: [], attributes: {} };
  }
  const chosen = readAttributes(address.attributes);
  const attributes = { ...understood.attributes, ...chosen };
  return { ...range, plate: understood.plate, classes: understood.classes, attributes };
}
