/**
 * Reads the frame number that the benchmark's clip carries as black and white blocks in its top left corner: 16 bits,
 * most significant first, each block 1/32 of the width and 1/18 of the height.
 *
 * Only two rows of luma are copied out of the frame. Drawing the video onto a canvas instead makes the browser convert
 * the whole picture at every frame: on two cores that alone made the player run dry three times in twelve seconds and
 * aim 0.1 s further from the live edge, so the instrument measured itself (140 to 180 ms with it, 60 to 80 without).
 */
const BITS = 16;

export class BarcodeWatch {
  readonly #video: HTMLVideoElement;
  #seen: [number, number][] = [];

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    this.#watch();
  }

  take(): [number, number][] {
    const seen = this.#seen;
    this.#seen = [];
    return seen;
  }

  #watch(): void {
    this.#video.requestVideoFrameCallback((_now, shown) => {
      const displayedMs = performance.timeOrigin + shown.expectedDisplayTime;
      const frame = new VideoFrame(this.#video);
      readNumber(frame)
        .then((number) => this.#seen.push([number, displayedMs]))
        .finally(() => frame.close());
      this.#watch();
    });
  }
}

async function readNumber(frame: VideoFrame): Promise<number> {
  const area = frame.visibleRect;
  if (area === null || frame.format === null) throw new Error("the browser does not give the frame's pixels out");
  const isPacked = /^(RGB|BGR)/.test(frame.format);
  // The middle of the blocks. Chroma is shared by 2 x 2 pixels, so everything is even.
  const y = area.y + 2 * Math.round(area.height / 72);
  const rect = { x: area.x, y, width: 2 * Math.floor(area.width / 4), height: 2 };
  const pixels = new Uint8Array(frame.allocationSize({ rect }));
  const [luma] = await frame.copyTo(pixels, { rect });
  const bytesEach = isPacked ? 4 : 1;
  let value = 0;
  for (let bit = 0; bit < BITS; bit += 1) {
    const x = Math.floor(((bit + 0.5) * area.width) / 32);
    const level = pixels[(luma?.offset ?? 0) + x * bytesEach + (isPacked ? 1 : 0)] as number;
    value = value * 2 + (level > 127 ? 1 : 0);
  }
  return value;
}
