// The phrases that the box understands, in the reader's language: made of the words by which the console names things anyway.

import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { SearchWords } from "../../api/types";
import { AS_WRITTEN } from "../../lib/attributes";
import { useWords } from "../../parts/words";
import type { Phrase } from "./state";

const COLOURS = "colour";
/** Values that say something by themselves; "yes" and "long" do only with what they are about. */
const SPEAKING = ["type", "sex", "lower_clothing", "carried"];

export function usePhrases(known: SearchWords | undefined): Phrase[] {
  const words = useWords();
  const { i18n } = useTranslation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the words follow the language
  return useMemo(() => (known ? makePhrases(known, words.objectClass, words.any) : []), [known, i18n.language]);
}

export function makePhrases(
  known: SearchWords,
  nameClass: (word: string) => string,
  name: (prefix: string, word: string) => string,
): Phrase[] {
  const said = (words: string) => words.toLowerCase();
  const written = (words: string) => said(words).split(/\s+/).join(" ");
  const phrases: Phrase[] = known.classes.map((one) => ({ words: said(nameClass(one)), asks: { class: one } }));
  for (const colour of known.attributes[COLOURS] ?? []) {
    phrases.push({ words: said(name("attributeValues", colour)), asks: { colour } });
  }
  for (const [attribute, values] of Object.entries(known.attributes)) {
    for (const value of SPEAKING.includes(attribute) ? values : []) {
      phrases.push({ words: said(name("attributeValues", value)), asks: { attribute: [attribute, value] } });
    }
    if (values.includes("yes")) {
      phrases.push({ words: said(name("attributes", attribute)), asks: { attribute: [attribute, "yes"] } });
    }
  }
  for (const attribute of AS_WRITTEN) {
    for (const value of known.attributes[attribute] ?? []) {
      phrases.push({ words: written(value), asks: { attribute: [attribute, value] } });
    }
  }
  for (const { name: set, about, categories } of known.categories) {
    for (const value of categories) {
      phrases.push({ words: written(value), asks: { attribute: [set, value], about } });
    }
  }
  return phrases;
}
