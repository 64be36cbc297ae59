// Folders of pictures that somebody chose: which categories they are, what is wrong with them, and one archive of them.
// The rules are the server's (docs/design/categories.md), which checks them again. Pure, but for reading files.

export const MIN_CATEGORIES = 2;
export const MAX_CATEGORIES = 50;
export const MIN_PICTURES = 5;
export const MAX_PICTURES = 4000;
export const MAX_NAME_CHARS = 32;
export const MAX_ARCHIVE_BYTES = 2 ** 30;
export const MAX_PICTURE_BYTES = 24 * 2 ** 20;

const PICTURE = /\.(jpe?g|jpe|png|bmp)$/i;

/** A file by its path, parts divided by `/`. */
export interface Entry {
  path: string;
  bytes: number;
}

export interface Category {
  name: string;
  pictures: number;
}

export interface Sorted<E extends Entry> {
  categories: Category[];
  /** Usable pictures, their paths `category/file`. */
  entries: E[];
  /** Files that are no pictures. */
  leftOut: number;
  /** A picture that lies in no category or too deep. */
  stray: string | null;
  /** A picture that is too large. */
  large: string | null;
  bytes: number;
}

const isHidden = (parts: readonly string[]): boolean =>
  parts.some((part) => part.startsWith(".") || part === "__MACOSX");

/** Sorts files by the folder that they lie in; a folder around all of them is taken off. */
export function sortEntries<E extends Entry>(files: readonly E[]): Sorted<E> {
  const usable = files
    .map((file) => ({ file, parts: file.path.normalize("NFC").split("/") }))
    .filter(({ parts }) => !isHidden(parts) && PICTURE.test(parts.at(-1) ?? ""));
  const around = new Set(usable.map(({ parts }) => parts[0]));
  const depth = around.size === 1 && usable.every(({ parts }) => parts.length > 2) ? 1 : 0;
  const placed = usable.map(({ file, parts }) => ({ file, parts: parts.slice(depth) }));
  const counts = new Map<string, number>();
  for (const { parts } of placed) counts.set(parts[0] ?? "", (counts.get(parts[0] ?? "") ?? 0) + 1);
  return {
    categories: [...counts].map(([name, pictures]) => ({ name, pictures })).sort((a, b) => (a.name < b.name ? -1 : 1)),
    entries: placed.map(({ file, parts }) => ({ ...file, path: parts.join("/") })),
    leftOut: files.filter(({ path }) => !isHidden(path.split("/"))).length - usable.length,
    stray: placed.find(({ parts }) => parts.length !== 2)?.file.path ?? null,
    large: placed.find(({ file }) => file.bytes > MAX_PICTURE_BYTES)?.file.path ?? null,
    bytes: placed.reduce((sum, { file }) => sum + file.bytes, 0),
  };
}

export type Complaint =
  | { code: "stray" | "large"; file: string }
  | { code: "none" | "categories" | "pictures" | "bytes"; count: number }
  | { code: "few"; names: string }
  | { code: "word"; word: string };

/** What is wrong with chosen folders; the first is said. */
export function checkFolders(sorted: Sorted<Entry>): Complaint | null {
  const { categories, stray, large, bytes } = sorted;
  const total = categories.reduce((sum, { pictures }) => sum + pictures, 0);
  if (total === 0) return { code: "none", count: 0 };
  if (stray) return { code: "stray", file: stray };
  if (categories.length < MIN_CATEGORIES || categories.length > MAX_CATEGORIES)
    return { code: "categories", count: categories.length };
  const word = categories.find(({ name }) => !isWord(name) || name.toLowerCase() === "unknown")?.name;
  if (word !== undefined) return { code: "word", word };
  const few = categories.filter(({ pictures }) => pictures < MIN_PICTURES);
  if (few.length > 0)
    return { code: "few", names: few.map(({ name, pictures }) => `${name} (${pictures})`).join(", ") };
  if (total > MAX_PICTURES) return { code: "pictures", count: total };
  if (large) return { code: "large", file: large };
  return bytes > MAX_ARCHIVE_BYTES ? { code: "bytes", count: bytes } : null;
}

/** Whether it can be a name of a set or of a category. */
export const isWord = (word: string): boolean =>
  word !== "" && word === word.trim() && word.length <= MAX_NAME_CHARS && !/\p{C}/u.test(word);

/** The same of a set, which is a folder as well. `taken`: of sets that are kept, and of attributes. */
export function checkName(name: string, taken: readonly string[]): "word" | "taken" | null {
  if (!isWord(name) || name.startsWith(".") || name.includes("/")) return "word";
  return taken.some((one) => one.toLowerCase() === name.toLowerCase()) ? "taken" : null;
}

export class UnreadableFileError extends Error {
  override readonly name = "UnreadableFileError";
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const UTF8 = 0x0800;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;

/** Packs files as they are: pictures do not become smaller, and the browser need not hold them all. */
export async function packZip(files: readonly (Entry & { file: Blob })[], signal?: AbortSignal): Promise<Blob> {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let offset = 0;
  for (const { path, file } of files) {
    signal?.throwIfAborted();
    const name = new TextEncoder().encode(path);
    const crc = crc32(await readWhole(file, path));
    const local = header(LOCAL, name, crc, file.size, null);
    parts.push(local, name, file);
    directory.push(header(CENTRAL, name, crc, file.size, offset), name);
    offset += local.byteLength + name.byteLength + file.size;
  }
  const bytes = directory.reduce((sum, part) => sum + (part as ArrayBufferView | ArrayBuffer).byteLength, 0);
  return new Blob([...parts, ...directory, end(files.length, bytes, offset)], { type: "application/zip" });
}

async function readWhole(file: Blob, path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new UnreadableFileError(path);
  }
}

/** Of a file within (`offset` null), or its row in the directory at the end. APPNOTE.TXT 4.3.7 and 4.3.12. */
function header(mark: number, name: Uint8Array, crc: number, bytes: number, offset: number | null): ArrayBuffer {
  const isRow = offset !== null;
  const view = new DataView(new ArrayBuffer(isRow ? CENTRAL_BYTES : 30));
  const at = isRow ? 6 : 4;
  view.setUint32(0, mark, true);
  if (isRow) view.setUint16(4, 20, true);
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, UTF8, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, bytes, true);
  view.setUint32(at + 18, bytes, true);
  view.setUint16(at + 22, name.byteLength, true);
  if (isRow) view.setUint32(42, offset, true);
  return view.buffer;
}

function end(count: number, bytes: number, offset: number): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(END_BYTES));
  view.setUint32(0, END, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, bytes, true);
  view.setUint32(16, offset, true);
  return view.buffer;
}

/** The files of an archive by its directory, null when it is none that the server opens. */
export async function readZip(file: Blob): Promise<Entry[] | null> {
  if (file.size < END_BYTES) return null;
  const tail = new DataView(await file.slice(file.size - END_BYTES).arrayBuffer());
  if (tail.getUint32(0, true) !== END) return null;
  const [bytes, start] = [tail.getUint32(12, true), tail.getUint32(16, true)];
  if (start + bytes > file.size) return null;
  const rows = new DataView(await file.slice(start, start + bytes).arrayBuffer());
  const found: Entry[] = [];
  for (let at = 0; at + CENTRAL_BYTES <= rows.byteLength; ) {
    if (rows.getUint32(at, true) !== CENTRAL) return null;
    const name = rows.getUint16(at + 28, true);
    if (at + CENTRAL_BYTES + name > rows.byteLength) return null;
    const path = new TextDecoder().decode(new Uint8Array(rows.buffer, at + CENTRAL_BYTES, name));
    if (!path.endsWith("/")) found.push({ path, bytes: rows.getUint32(at + 24, true) });
    at += CENTRAL_BYTES + name + rows.getUint16(at + 30, true) + rows.getUint16(at + 32, true);
  }
  return found;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** As ZIP has it (IEEE 802.3). */
export function crc32(data: Uint8Array): number {
  let value = 0xffffffff;
  for (let at = 0; at < data.length; at++) value = (TABLE[(value ^ (data[at] ?? 0)) & 0xff] ?? 0) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
