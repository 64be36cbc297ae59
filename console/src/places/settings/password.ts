// A password to hand over once: 20 letters and digits without look-alikes, in groups, about 115 bits.

const LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LENGTH = 20;
const GROUP = 5;

export function makePassword(
  random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => crypto.getRandomValues(bytes),
): string {
  const limit = 256 - (256 % LETTERS.length); // values above would make the first letters likelier
  let password = "";
  while (password.length < LENGTH) {
    for (const byte of random(new Uint8Array(LENGTH))) {
      if (byte < limit && password.length < LENGTH) password += LETTERS[byte % LETTERS.length];
    }
  }
  return (password.match(new RegExp(`.{${GROUP}}`, "g")) ?? []).join("-");
}
