import { describe, expect, it } from "vitest";
import { amountOf, byWay, type ChangedLook, judgeStability, type Way } from "./stability";

const look = (way: Way | null, by: number, label = "cat", is_known = true): ChangedLook => ({
  way,
  by,
  label,
  is_known,
  probability: 0.9,
  picture: "",
});

describe("judgeStability", () => {
  it("counts the changed pictures alone, and another class or none of these as another answer", () => {
    const looks = [
      look(null, 0),
      look("turn", 5),
      look("turn", 10, "dog"),
      look("shift", 1),
      look("scale", 1.4, "cat", false),
    ];
    const found = judgeStability({ looks });
    expect([found?.same, found?.total]).toEqual([2, 4]);
    expect(found?.ways.map(({ way }) => way)).toEqual(["shift", "scale", "turn"]);
    expect(found?.ways[2]?.looks.map(({ isSame }) => isSame)).toEqual([true, false]);
  });

  it("takes none of these twice for the same answer, whatever class was nearest", () => {
    const looks = [look(null, 0, "cat", false), look("turn", 5, "dog", false), look("turn", 10, "cat")];
    expect(judgeStability({ looks })?.ways[0]?.looks.map(({ isSame }) => isSame)).toEqual([true, false]);
  });

  it("says nothing where the picture itself was not looked at", () => {
    expect(judgeStability({ looks: [look("turn", 5)] })).toBeNull();
  });
});

describe("byWay", () => {
  it("leaves out what was not measured", () => {
    expect(byWay([{ way: "turn" as Way, by: 5 }])).toEqual([{ way: "turn", steps: [{ way: "turn", by: 5 }] }]);
  });
});

describe("amountOf", () => {
  it("tells shifts in percent of a side, sizes in percent, turns in degrees", () => {
    expect([amountOf("shift", 6), amountOf("scale", 0.85), amountOf("turn", 45)]).toEqual([19, 85, 45]);
  });
});
