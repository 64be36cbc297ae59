/** Reads the bits of an H.264 NAL unit (ITU-T H.264, 7.2 and 9.1), its escapes taken out. Pure. */

export interface Bits {
  /** So many bits as a number. */
  take(count: number): number;
  flag(): boolean;
  /** Exp-Golomb, unsigned; a signed one is as long and may be skipped with it. */
  ue(): number;
  se(): number;
}

/** Throws when read beyond the end. */
export function readBits(unit: Uint8Array, skippedBytes: number): Bits {
  const bytes = unit.filter((byte, at) => !(byte === 3 && unit[at - 1] === 0 && unit[at - 2] === 0));
  let at = 8 * skippedBytes;
  const take = (count: number): number => {
    let value = 0;
    for (let left = count; left > 0; left -= 1) {
      const byte = bytes[at >> 3];
      if (byte === undefined) throw new Error("the unit ends early");
      value = value * 2 + ((byte >> (7 - (at & 7))) & 1);
      at += 1;
    }
    return value;
  };
  const ue = (): number => {
    let zeros = 0;
    while (take(1) === 0) zeros += 1;
    return 2 ** zeros - 1 + take(zeros);
  };
  const se = (): number => {
    const code = ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  };
  return { take, flag: () => take(1) === 1, ue, se };
}
