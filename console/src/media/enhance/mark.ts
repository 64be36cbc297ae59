/** Says in a JPEG itself that it was enhanced, as `vedette.vision.enhance.marks` does: the label may be cut off. */

const NOTE = "Enhanced by Vedette: super-resolution x2, in the browser. Details are estimated, not recorded; this is not evidence.";
const START_BYTES = 2;

/** The picture with a comment (ITU-T T.81, B.2.4.5) behind its first marker. */
export function markJpeg(picture: Blob): Blob {
  const note = new TextEncoder().encode(NOTE);
  const head = Uint8Array.of(0xff, 0xfe, (note.length + 2) >> 8, (note.length + 2) & 255);
  return new Blob([picture.slice(0, START_BYTES), head, note, picture.slice(START_BYTES)], { type: "image/jpeg" });
}
