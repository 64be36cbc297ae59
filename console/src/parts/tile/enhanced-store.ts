// Which cameras' tiles are shown enhanced, in this browser. Pure: text in, text out.

const KEPT = 100;

/** Camera ids, the last chosen at the end. Text that nobody of us wrote counts as none. */
export function readEnhanced(text: string | null): string[] {
  return (text ?? "").split(",").filter(Boolean).slice(-KEPT);
}

export function writeEnhanced(text: string | null, camera: string, isWanted: boolean): string {
  const others = readEnhanced(text).filter((id) => id !== camera);
  return (isWanted ? [...others, camera].slice(-KEPT) : others).join(",");
}
