import { describe, expect, it } from "vitest";
import {
  askOf,
  listAttributes,
  type Phrase,
  readAttributes,
  readSource,
  readWay,
  readWords,
  toggleAttribute,
  writeAttributes,
} from "./state";

const PHRASES: Phrase[] = [
  { words: "person", asks: { class: "person" } },
  { words: "car", asks: { attribute: ["type", "car"] } },
  { words: "red", asks: { colour: "red" } },
  { words: "backpack", asks: { attribute: ["backpack", "yes"] } },
  { words: "xe", asks: { class: "vehicle" } },
  { words: "xe tải", asks: { attribute: ["type", "truck"] } },
  { words: "đỏ", asks: { colour: "red" } },
];
const NOW = new Date("2026-01-01T12:00:00Z");

describe("the words in the box", () => {
  it("tell a plate from words, in any order", () => {
    expect(readWords("51f-123.* red car", PHRASES)).toEqual({
      plate: "51F-123.*",
      classes: [],
      attributes: { type: ["car"], colour: ["red"] },
      unknown: [],
    });
  });
  it("give a plate back that was written in two parts", () => {
    expect(readWords("51F 123.45", PHRASES).plate).toBe("51F123.45");
  });
  it("take the longest phrase", () => {
    expect(readWords("xe tải đỏ", PHRASES).attributes).toEqual({ type: ["truck"], colour: ["red"] });
  });
  it("mean clothes where a person is asked for, and either where nothing says", () => {
    expect(readWords("person red backpack", PHRASES).attributes).toEqual({
      backpack: ["yes"],
      upper_colour: ["red"],
    });
    expect(readWords("red", PHRASES).attributes).toEqual({ colour: ["red"], upper_colour: ["red"] });
  });
  it("are said to be unknown rather than left out", () => {
    expect(readWords("red dragon", PHRASES).unknown).toEqual(["dragon"]);
  });
  it("of an operator's own categories say what a bare colour is of", () => {
    const own: Phrase[] = [
      { words: "bưu điện 24h", asks: { attribute: ["livery", "Bưu điện 24h"], about: "vehicle" } },
      { words: "guard", asks: { attribute: ["uniform", "guard"], about: "person" } },
      { words: "wet", asks: { attribute: ["state", "wet"], about: "any" } },
    ];
    const read = (text: string) => readWords(text, [...PHRASES, ...own]).attributes;
    expect(read("Bưu điện 24h red")).toEqual({ livery: ["Bưu điện 24h"], colour: ["red"] });
    expect(read("red guard")).toEqual({ uniform: ["guard"], upper_colour: ["red"] });
    expect(read("red wet")).toEqual({ state: ["wet"], colour: ["red"], upper_colour: ["red"] });
  });
  it("of a make are a vehicle's, so a bare colour is its paint", () => {
    const makes: Phrase[] = [{ words: "land rover", asks: { attribute: ["make", "Land Rover"] } }];
    expect(readWords("red Land Rover", [...PHRASES, ...makes]).attributes).toEqual({
      make: ["Land Rover"],
      colour: ["red"],
    });
  });
  it("may be none", () => {
    expect(readWords("  ", PHRASES)).toEqual({ plate: "", classes: [], attributes: {}, unknown: [] });
  });
});

describe("the address", () => {
  it("keeps attributes both ways", () => {
    const attributes = { colour: ["red", "pink"], type: ["car"] };
    expect(readAttributes(writeAttributes(attributes))).toEqual(attributes);
    expect(readAttributes("colour,:x,")).toEqual({});
  });
  it("keeps words with any signs in them", () => {
    const attributes = { "my:set": ["50 %, about", "a:b", "%2C"], colour: ["red"] };
    expect(writeAttributes({ colour: ["red"] })).toBe("colour:red");
    expect(readAttributes(writeAttributes(attributes))).toEqual(attributes);
  });
  it("switches one value on and off", () => {
    const on = toggleAttribute({}, "hat", "yes");
    expect(on).toEqual({ hat: ["yes"] });
    expect(toggleAttribute(on, "hat", "yes")).toEqual({});
  });
  it("takes no way that does not exist", () => {
    expect(readWay("mind")).toBeUndefined();
    expect(readWay("face")).toBe("face");
  });
});

describe("what can be chosen", () => {
  const words = {
    attributes: { colour: ["red"] },
    categories: [{ name: "livery", about: "vehicle" as const, categories: ["courier", "post"] }],
  };
  it("has the kept sets with none of these", () => {
    expect(listAttributes(words, {})).toEqual({
      fixed: [{ attribute: "colour", values: ["red"] }],
      own: [{ attribute: "livery", values: ["courier", "post", "unknown"], about: "vehicle" }],
    });
  });
  it("shows what an address asks of a set that was deleted or taught anew, so that it can be taken out", () => {
    const [livery, gone] = listAttributes(words, { livery: ["milk"], toy: ["car"] }).own;
    expect(livery?.values).toEqual(["courier", "post", "unknown", "milk"]);
    expect(gone).toEqual({ attribute: "toy", values: ["car"] });
  });
});

describe("where is searched", () => {
  const nothing = readWords("", PHRASES);
  it("is what cameras saw unless the address says otherwise", () => {
    expect([undefined, "archive", "files", "both"].map(readSource)).toEqual(["cameras", "cameras", "files", "both"]);
    expect(askOf({}, nothing, NOW)?.source).toBe("cameras");
    expect(askOf({ source: "files", like: "X" }, nothing, NOW)?.source).toBe("files");
  });
});

describe("the question", () => {
  const nothing = readWords("", PHRASES);
  it("waits for a purpose where people are searched by face", () => {
    expect(askOf({ like: "X", by: "face" }, nothing, NOW)).toBeNull();
    expect(askOf({ like: "X", by: "face", why: "theft" }, nothing, NOW)?.object_id).toBe("X");
  });
  it("lets a chosen chip stand over the same word", () => {
    const asked = askOf({ attributes: "colour:blue" }, readWords("red car", PHRASES), NOW);
    expect(asked?.attributes).toEqual({ type: ["car"], colour: ["blue"] });
  });
  it("reads times as people say them, and cameras", () => {
    const asked = askOf({ from: "-1h", cameras: "A,B" }, nothing, NOW);
    expect(asked).toMatchObject({ from: "2026-01-01T11:00:00.000Z", to: null, cameras: ["A", "B"] });
  });
});
