import { expect, it } from "vitest";
import { makePassword } from "./password";

it("has no letters that look alike and never the same twice", () => {
  const made = Array.from({ length: 200 }, () => makePassword());
  expect(new Set(made).size).toBe(200);
  for (const password of made) expect(password).toMatch(/^([^lIO01\s-]{5}-){3}[^lIO01\s-]{5}$/);
});

it("throws away the bytes that would make some letters likelier", () => {
  const bytes = [255, 254, 3];
  let at = 0;
  const first = makePassword((target) => target.map(() => bytes[at++ % bytes.length] ?? 0));
  expect(first.replaceAll("-", "")).toBe("d".repeat(20));
});
