// Words of attributes. Those of the house are translated; those of an operator's own categories are his, letter by letter.

import { useTranslation } from "react-i18next";
import type { KeptSet } from "../api/types";
import { AS_WRITTEN, UNKNOWN } from "../lib/attributes";
import { useWords } from "./words";

export interface AttributeWords {
  isOwn: (name: string) => boolean;
  name: (name: string) => string;
  value: (name: string, value: string) => string;
  /** What a set is told of. */
  about: (about: KeptSet["about"]) => string;
}

export function useAttributeWords(): AttributeWords {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const isOwn = (name: string) => !(/^[a-z_]+$/.test(name) && i18n.exists(`attributes.${name}`));
  return {
    isOwn,
    name: (name) => (isOwn(name) ? name : words.any("attributes", name)),
    value: (name, value) => {
      if (AS_WRITTEN.includes(name) && value !== UNKNOWN) return value;
      if (!isOwn(name)) return words.any("attributeValues", value);
      return value === UNKNOWN ? t("keptSets.none") : value;
    },
    about: (about) => t(`keptSets.about.${about}`),
  };
}
