/** Reads the binary head before every fMP4 message (docs/design/contracts.md; written by `vedette.streaming.messages`). */

export const HEAD_BYTES = 40;
export const VERSION = 2;

export const KIND_INIT = 0;
export const KIND_FRAGMENT = 1;

export const FLAG_KEY = 1;
export const FLAG_DISCONTINUITY = 2;
export const FLAG_CACHED = 4;
export const FLAG_AUDIO = 8;

export interface MediaMessage {
  readonly kind: number;
  readonly flags: number;
  readonly durationS: number;
  /** Start on the stream's media timeline, seconds. */
  readonly mediaTimeS: number;
  /** UTC milliseconds of the server; 0 when it does not apply. */
  readonly capturedAtMs: number;
  readonly receivedAtMs: number;
  readonly sentAtMs: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Splits a message, or returns null when it is of a version this page does not know. */
export function readMessage(data: ArrayBuffer): MediaMessage | null {
  if (data.byteLength < HEAD_BYTES) return null;
  const view = new DataView(data);
  if (view.getUint8(0) !== VERSION) return null;
  return {
    kind: view.getUint8(1),
    flags: view.getUint16(2, true),
    durationS: view.getUint32(4, true) / 90_000,
    mediaTimeS: view.getFloat64(8, true),
    capturedAtMs: view.getFloat64(16, true),
    receivedAtMs: view.getFloat64(24, true),
    sentAtMs: view.getFloat64(32, true),
    body: new Uint8Array(data, HEAD_BYTES),
  };
}
