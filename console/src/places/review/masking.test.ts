import { expect, it } from "vitest";
import { judgeMasking } from "./masking";

it("says of hidden cameras whether files or a bundle go out masked", () => {
  expect(judgeMasking(0, true)).toBe("none");
  expect(judgeMasking(2, false)).toBe("files");
  expect(judgeMasking(1, true)).toBe("bundle");
});
