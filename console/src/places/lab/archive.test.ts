import { describe, expect, it } from "vitest";
import {
  checkFolders,
  checkName,
  crc32,
  type Entry,
  MAX_PICTURE_BYTES,
  packZip,
  readZip,
  sortEntries,
} from "./archive";

const entry = (path: string, bytes = 10): Entry => ({ path, bytes });
const folder = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => entry(`livery/${name}/${index}.jpg`));

describe("sortEntries", () => {
  it("takes the folder off that is around all, and leaves out what is no picture", () => {
    const files = [
      ...folder("post", 2),
      ...folder("courier", 3),
      entry("livery/post/notes.txt"),
      entry("livery/.DS_Store"),
    ];
    const sorted = sortEntries(files);
    expect(sorted.categories).toEqual([
      { name: "courier", pictures: 3 },
      { name: "post", pictures: 2 },
    ]);
    expect(sorted.entries[0]?.path).toBe("post/0.jpg");
    expect([sorted.leftOut, sorted.stray, sorted.bytes]).toEqual([1, null, 50]);
  });

  it("reads names of a Mac as people type them", () => {
    expect(sortEntries([entry("a/be\u0302/1.jpg"), entry("a/b/1.jpg")]).categories.map(({ name }) => name)).toEqual([
      "b",
      "b\u00ea",
    ]);
  });

  it("finds a picture that lies too deep or in no category", () => {
    expect(sortEntries([entry("x.jpg"), entry("post/1.jpg")]).stray).toBe("x.jpg");
    expect(sortEntries([entry("a/post/1.jpg"), entry("a/post/more/2.jpg")]).stray).toBe("a/post/more/2.jpg");
  });
});

describe("checkFolders", () => {
  const check = (...files: Entry[][]) => checkFolders(sortEntries(files.flat()))?.code ?? null;

  it("lets good folders pass", () => expect(check(folder("post", 5), folder("milk", 5))).toBeNull());
  it("wants pictures, and two categories", () => {
    expect(check([])).toBe("none");
    expect(check(folder("post", 5))).toBe("categories");
  });
  it("names categories with too few pictures", () => {
    expect(checkFolders(sortEntries([...folder("post", 4), ...folder("milk", 5)]))).toEqual({
      code: "few",
      names: "post (4)",
    });
  });
  it("refuses names that the server refuses", () => {
    expect(check(folder("post", 5), folder("unknown", 5))).toBe("word");
    expect(check(folder("post", 5), folder("x".repeat(33), 5))).toBe("word");
  });
  it("has bounds", () => {
    expect(check(folder("post", 4000), folder("milk", 5))).toBe("pictures");
    expect(check(folder("post", 5), [...folder("milk", 5), entry("livery/milk/x.png", MAX_PICTURE_BYTES + 1)])).toBe(
      "large",
    );
    expect(check(...["a", "b"].map((name) => folder(name, 30).map((one) => ({ ...one, bytes: 2 ** 24 * 1.4 }))))).toBe(
      "bytes",
    );
  });
});

describe("checkName", () => {
  it("refuses what is taken, whatever the case, and what cannot be a folder", () => {
    expect(checkName("Livery", ["livery"])).toBe("taken");
    for (const name of ["", " a", "a/b", ".a", "x".repeat(33), "a\u0000"]) expect(checkName(name, [])).toBe("word");
    expect(checkName("đồng phục", ["livery"])).toBeNull();
  });
});

describe("packZip", () => {
  it("has the checksum that ZIP has", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });

  it("makes an archive whose directory names every file", async () => {
    const file = new Blob(["picture"]);
    const archive = await packZip([
      { path: "sữa/1.jpg", bytes: 7, file },
      { path: "post/2.jpg", bytes: 7, file },
    ]);
    expect(await readZip(archive)).toEqual([entry("sữa/1.jpg", 7), entry("post/2.jpg", 7)]);
  });

  it("takes nothing else for an archive", async () => {
    expect(await readZip(new Blob(["no archive, and long enough to be one"]))).toBeNull();
    expect(await readZip(new Blob(["PK"]))).toBeNull();
  });
});
