import { describe, expect, it } from "vitest";
import type { SearchWords } from "../../api/types";
import { makePhrases } from "./phrases";

const WORDS: SearchWords = {
  classes: ["vehicle"],
  attributes: { type: ["car"], make: ["Land  Rover", "MINI"] },
  absent: [],
  categories: [],
  biometric: false,
  days: 30,
};

describe("phrases", () => {
  it("of makes are the model's own words, whatever the language", () => {
    const phrases = makePhrases(
      WORDS,
      () => "xe",
      (_, word) => `dịch ${word}`,
    );
    expect(phrases).toContainEqual({ words: "land rover", asks: { attribute: ["make", "Land  Rover"] } });
    expect(phrases).toContainEqual({ words: "mini", asks: { attribute: ["make", "MINI"] } });
    expect(phrases).toContainEqual({ words: "dịch car", asks: { attribute: ["type", "car"] } });
  });
});
