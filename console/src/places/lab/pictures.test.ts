import { describe, expect, it } from "vitest";
import { howSure, MAX_AT_ONCE, pickPictures } from "./pictures";

const file = (name: string, type: string) => new File(["x"], name, { type });

describe("pickPictures", () => {
  it("leaves out what is no picture, and says how much", () => {
    const given = [file("a.jpg", "image/jpeg"), file("b.txt", "text/plain"), file("c", "")];
    const { pictures, leftOut } = pickPictures(given);
    expect(pictures.map((one) => one.name)).toEqual(["a.jpg", "c"]);
    expect(leftOut).toBe(1);
  });

  it("takes no more than fit on the page", () => {
    const many = Array.from({ length: MAX_AT_ONCE + 3 }, (_, index) => file(`${index}.png`, "image/png"));
    const { pictures, leftOut } = pickPictures(many);
    expect(pictures).toHaveLength(MAX_AT_ONCE);
    expect(leftOut).toBe(3);
  });
});

describe("howSure", () => {
  const answer = (probability: number, is_known = true) => ({ classes: [{ label: "cat", probability }], is_known });

  it("never calls an unknown picture sure", () => {
    expect(howSure(answer(0.99, false))).toBe("none");
  });

  it("has a word for each stretch of the probability", () => {
    expect([0.95, 0.9, 0.7, 0.3].map((share) => howSure(answer(share)))).toEqual(["sure", "sure", "likely", "unsure"]);
  });

  it("is unsure where nothing was answered", () => {
    expect(howSure({ classes: [], is_known: true })).toBe("unsure");
  });
});
