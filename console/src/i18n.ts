// Language: English and Vietnamese, chosen by the user, else by the browser. Strings only by key.

import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import type en from "./locales/en.json";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "console";
    resources: { console: typeof en };
  }
}

export const LANGUAGES = ["en", "vi"] as const;
export type Language = (typeof LANGUAGES)[number];

const STORED = "vedette.language";

const LOADERS: Record<Language, () => Promise<{ default: object }>> = {
  en: () => import("./locales/en.json"),
  vi: () => import("./locales/vi.json"),
};

export function chooseLanguage(stored: string | null, wished: readonly string[]): Language {
  const candidates = [stored ?? "", ...wished.map((tag) => tag.slice(0, 2))];
  return (
    LANGUAGES.find((language) => candidates.find((tag) => LANGUAGES.includes(tag as Language)) === language) ?? "en"
  );
}

async function load(target: i18n, language: Language): Promise<void> {
  if (target.hasResourceBundle(language, "console")) return;
  const words = await LOADERS[language]();
  target.addResourceBundle(language, "console", words.default);
}

export async function startLanguage(): Promise<i18n> {
  const language = chooseLanguage(localStorage.getItem(STORED), navigator.languages);
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: "en",
    ns: "console",
    defaultNS: "console",
    resources: {},
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  await Promise.all([load(i18next, "en"), load(i18next, language)]);
  document.documentElement.lang = language;
  return i18next;
}

export async function switchLanguage(language: Language): Promise<void> {
  await load(i18next, language);
  await i18next.changeLanguage(language);
  localStorage.setItem(STORED, language);
  document.documentElement.lang = language;
}
