import { describe, expect, it } from "vitest";
import { fitSize } from "../../lib/picture";
import { changeBody, emptyForm, endOfDay, enrolBody, isComplete, personForm, pictureFaults } from "./enrol-form";

const form = { ...emptyForm("2026-11-28"), name: " Lan ", document: "file 7", reason: "staff" };

describe("enrolment", () => {
  it("is not ready without a picture, a document and a reason", () => {
    expect(isComplete(form, 1)).toBe(true);
    expect(isComplete(form, 0)).toBe(false);
    expect(isComplete({ ...form, document: " " }, 1)).toBe(false);
    expect(isComplete({ ...form, reason: "" }, 1)).toBe(false);
  });

  it("keeps no pictures and has no end unless somebody says so", () => {
    expect(enrolBody(form, ["AA=="])).toMatchObject({
      name: "Lan",
      keep_pictures: false,
      to: null,
      pictures: ["AA=="],
    });
  });

  it("is valid to the end of the last day", () => {
    expect(new Date(endOfDay("2026-12-31") ?? "").getTime()).toBe(new Date(2027, 0, 1).getTime());
    expect(endOfDay("")).toBeNull();
  });

  it("changes an end only when its day was changed, and never loses what the fields do not show", () => {
    const noon = new Date(2027, 4, 1, 12).toISOString();
    const person = {
      ...{
        id: "P",
        list_id: "L",
        name: "Lan",
        ground: "legal" as const,
        document: "order 7",
        granted_on: "2026-01-02",
      },
      ...{ reason: "theft", owner: "An", note: "twin", from: noon, to: noon, pictures: 2, portraits: 0, release: "r1" },
      ...{ created_by: "An", created_at: noon },
    };
    const shown = personForm(person);
    expect(shown.until).toBe("2027-05-01");
    const kept = { owner: "An", note: "twin", from: noon };
    expect(changeBody(person, shown)).toMatchObject({ ...kept, to: noon, ground: "legal" });
    expect(changeBody(person, { ...shown, until: "" })).toMatchObject({ ...kept, to: null });
    expect(changeBody(person, shown)).not.toHaveProperty("pictures");
  });

  it("says of each picture what is wrong with it, and nothing of other fields", () => {
    const faults = pictureFaults([
      { field: "pictures.1", message: "face_blurred: the face is blurred. Use a picture in focus." },
      { field: "pictures.0", message: "Input should be valid base64" },
      { field: "name", message: "must have 1 to 80 printable characters" },
    ]);
    expect(faults.get(1)).toEqual({ code: "face_blurred", words: "the face is blurred. Use a picture in focus." });
    expect(faults.get(0)).toEqual({ code: "", words: "Input should be valid base64" });
    expect(faults.size).toBe(2);
  });

  it("makes large pictures smaller and small ones not larger", () => {
    expect(fitSize(4000, 3000)).toEqual({ width: 1600, height: 1200 });
    expect(fitSize(92, 112)).toEqual({ width: 92, height: 112 });
  });
});
