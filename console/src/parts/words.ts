// Words of the domain in the reader's language: event kinds, classes, reasons of gaps. What has no translation yet
// is shown as it came, with its underscores as spaces, never hidden.

import { useTranslation } from "react-i18next";

const plain = (word: string): string => word.replaceAll("_", " ");

export interface Words {
  kind: (kind: string) => string;
  objectClass: (name: string) => string;
  gap: (reason: string) => string;
  measure: (name: string) => string;
  audit: (action: string) => string;
  any: (prefix: string, word: string) => string;
}

export function useWords(): Words {
  const { t, i18n } = useTranslation();
  const translate = t as unknown as (name: string) => string;
  const any = (prefix: string, word: string) => {
    const key = `${prefix}.${word.replaceAll(/[. ]/g, "_")}`;
    return i18n.exists(key) ? translate(key) : plain(word);
  };
  return {
    any,
    kind: (word) => any("kinds", word),
    objectClass: (word) => any("classes", word),
    gap: (word) => any("gaps", word),
    measure: (word) => any("measures", word),
    audit: (word) => any("actions", word),
  };
}
