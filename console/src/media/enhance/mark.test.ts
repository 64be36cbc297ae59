import { expect, it } from "vitest";
import { markJpeg } from "./mark";

it("writes a comment behind the first marker and keeps every other byte", async () => {
  const picture = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 1, 2, 3);
  const marked = new Uint8Array(await markJpeg(new Blob([picture])).arrayBuffer());
  const length = ((marked[4] as number) << 8) | (marked[5] as number);
  expect([...marked.subarray(0, 4)]).toEqual([0xff, 0xd8, 0xff, 0xfe]);
  expect(new TextDecoder().decode(marked.subarray(6, 4 + length))).toContain("this is not evidence");
  expect([...marked.subarray(4 + length)]).toEqual([...picture.subarray(2)]);
});
