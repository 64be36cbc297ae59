/** Finds boxes of MP4 (ISO/IEC 14496-12) in bytes that pass by. */

/** Where a box's name begins, or -1. Names in the bytes of a picture are not met: the first one counts. */
export function findBox(body: Uint8Array, name: string): number {
  const codes = [...name].map((letter) => letter.charCodeAt(0));
  return body.findIndex((_, at) => at >= 4 && codes.every((code, index) => body[at + index] === code));
}
