import { expect, it } from "vitest";
import { judgeMasking } from "./masking";

it("lets files of hidden cameras go out masked, and stops only what would prove the original", () => {
  expect(judgeMasking(0, true)).toBe("none");
  expect(judgeMasking(2, false)).toBe("some");
  expect(judgeMasking(1, true)).toBe("blocked");
});
