import { expect, test } from "vitest";
import { FLAG_CACHED, FLAG_KEY, KIND_FRAGMENT, readMessage } from "./head";

/** As `vedette.streaming.messages.encode_media` writes it. */
function message(version = 2): ArrayBuffer {
  const data = new ArrayBuffer(44);
  const view = new DataView(data);
  view.setUint8(0, version);
  view.setUint8(1, KIND_FRAGMENT);
  view.setUint16(2, FLAG_KEY | FLAG_CACHED, true);
  view.setUint32(4, 3600, true);
  view.setFloat64(8, 12.5, true);
  view.setFloat64(16, 1_795_000_000_123.456, true);
  view.setFloat64(24, 2, true);
  view.setFloat64(32, 3, true);
  return data;
}

test("reads every field of the contract", () => {
  const read = readMessage(message());
  expect(read).toMatchObject({
    kind: KIND_FRAGMENT,
    flags: 5,
    durationS: 0.04,
    mediaTimeS: 12.5,
    capturedAtMs: 1_795_000_000_123.456,
    receivedAtMs: 2,
    sentAtMs: 3,
  });
  expect(read?.body.byteLength).toBe(4);
});

test("an unknown version or a short message is not guessed at", () => {
  expect(readMessage(message(3))).toBeNull();
  expect(readMessage(new ArrayBuffer(10))).toBeNull();
});
