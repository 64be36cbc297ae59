// Pictures for the simulated server: a clip as fragmented MP4, one frame a fragment, looped without a seam in time.
// `VEDETTE_CLIPS` names a folder with your own clips; without it ffmpeg draws a test picture.

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

export interface Clip {
  init: Buffer;
  frames: { bytes: Buffer; isKey: boolean }[];
  width: number;
  height: number;
}

const FPS = 25;
export const FRAME_MS = 1000 / FPS;
const TIMESCALE = 12_800; // what ffmpeg's muxer takes at 25 frames a second

function encode(input: string[]): Promise<Buffer> {
  const flags = "-an -c:v libx264 -preset ultrafast -profile:v main -bf 0 -g 25 -r 25 -pix_fmt yuv420p".split(" ");
  const fragmented = ["-f", "mp4", "-movflags", "frag_every_frame+empty_moov+default_base_moof", "pipe:1"];
  const scale = ["-vf", "scale=640:360:force_original_aspect_ratio=decrease:force_divisible_by=2"];
  const child = spawn("ffmpeg", ["-v", "error", ...input, "-t", "16", ...scale, ...flags, ...fragmented]);
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(Buffer.concat(parts)));
  });
}

function* boxesOf(bytes: Buffer): Generator<{ type: string; start: number; end: number }> {
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    yield { type: bytes.toString("latin1", at + 4, at + 8), start: at, end: at + size };
    at += size;
  }
}

function hasIdr(mdat: Buffer): boolean {
  for (let at = 8; at + 5 <= mdat.length; at += 4 + mdat.readUInt32BE(at)) {
    if (((mdat[at + 4] ?? 0) & 0x1f) === 5) return true;
  }
  return false;
}

function parse(bytes: Buffer): Clip {
  const init: Buffer[] = [];
  const frames: Clip["frames"] = [];
  let moof: Buffer | null = null;
  for (const box of boxesOf(bytes)) {
    const data = bytes.subarray(box.start, box.end);
    if (box.type === "ftyp" || box.type === "moov") init.push(data);
    else if (box.type === "moof") moof = data;
    else if (box.type === "mdat" && moof) frames.push({ bytes: Buffer.concat([moof, data]), isKey: hasIdr(data) });
  }
  const head = Buffer.concat(init);
  const avc1 = head.indexOf("avc1", head.indexOf("stsd"));
  return { init: head, frames, width: head.readUInt16BE(avc1 + 28), height: head.readUInt16BE(avc1 + 30) };
}

/** The frame with its decode time (in the track's ticks) set, so that a loop runs on. */
export function frameAt(clip: Clip, index: number, mediaTimeS: number): { bytes: Buffer; isKey: boolean } {
  const frame = clip.frames[index % clip.frames.length];
  if (!frame) throw new Error("empty clip");
  const bytes = Buffer.from(frame.bytes);
  const tfdt = bytes.indexOf("tfdt");
  const ticks = Math.round(mediaTimeS * TIMESCALE);
  if (bytes[tfdt + 4] === 1) bytes.writeBigUInt64BE(BigInt(ticks), tfdt + 8);
  else bytes.writeUInt32BE(ticks, tfdt + 8);
  return { bytes, isKey: frame.isKey };
}

/** RFC 6381 name of the clip's codec, read from avcC. */
export function mimeOf(clip: Clip): string {
  const at = clip.init.indexOf("avcC") + 5;
  const profile = clip.init.subarray(at, at + 3).toString("hex");
  return `video/mp4; codecs="avc1.${profile}"`;
}

export async function loadClips(): Promise<Clip[]> {
  const folder = process.env["VEDETTE_CLIPS"];
  const inputs = folder
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".mp4"))
        .slice(0, 6)
        .map((name) => ["-i", join(folder, name)])
    : [["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25"]];
  const clips: Clip[] = [];
  for (const input of inputs) clips.push(parse(await encode(input)));
  return clips.filter((clip) => clip.frames.length > 0);
}
