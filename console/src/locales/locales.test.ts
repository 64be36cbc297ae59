import { describe, expect, it } from "vitest";
import en from "./en.json";
import vi from "./vi.json";

type Tree = { [key: string]: string | Tree };

function flatten(tree: Tree, prefix = ""): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") flat.set(prefix + key, value);
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) flat.set(inner, text);
  }
  return flat;
}

// Vietnamese has one plural form. Codes have the server's English where no translation is needed.
const english = flatten(en as Tree);
const vietnamese = flatten(vi as Tree);
const isShared = (key: string) => !key.startsWith("codes.") && !key.endsWith("_one");
const holes = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map(([, name]) => name).sort();

describe("locales", () => {
  it("say the same things in both languages", () => {
    expect([...vietnamese.keys()].filter(isShared).sort()).toEqual([...english.keys()].filter(isShared).sort());
  });

  it("fill in the same values", () => {
    for (const [key, text] of english)
      if (isShared(key)) expect([key, holes(vietnamese.get(key) ?? "")]).toEqual([key, holes(text)]);
  });

  it("leave nothing empty but a hint", () => {
    for (const [key, text] of [...english, ...vietnamese])
      if (!key.endsWith(".hint")) expect([key, text]).not.toEqual([key, ""]);
  });

  it("are written with Vietnamese letters, not English words left over", () => {
    const same = [...english].filter(
      ([key, text]) => vietnamese.get(key) === text && /[a-z]{4,}/i.test(text.replaceAll(/{{\w+}}/g, "")),
    );
    expect(same.map(([, text]) => text).filter((text) => !/^(Camera|PID|TCP|UDP)$/.test(text))).toEqual([]);
  });
});
