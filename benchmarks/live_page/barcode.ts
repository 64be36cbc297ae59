/**
 * Reads the frame number that the benchmark's clip carries as black and white blocks in its top left corner: 16 bits,
 * most significant first, each block 1/32 of the width and 1/18 of the height.
 */
const BITS = 16;

export class BarcodeWatch {
  readonly #video: HTMLVideoElement;
  readonly #canvas = new OffscreenCanvas(BITS, 1);
  readonly #context: OffscreenCanvasRenderingContext2D;
  #seen: [number, number][] = [];

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    this.#context = this.#canvas.getContext("2d", { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
    this.#watch();
  }

  take(): [number, number][] {
    const seen = this.#seen;
    this.#seen = [];
    return seen;
  }

  #watch(): void {
    this.#video.requestVideoFrameCallback((_now, frame) => {
      this.#seen.push([this.#read(frame.width, frame.height), performance.timeOrigin + frame.expectedDisplayTime]);
      this.#watch();
    });
  }

  #read(width: number, height: number): number {
    const blockX = width / 32;
    const blockY = height / 18;
    // The middle of the blocks: one source pixel row per bit, scaled by the browser.
    this.#context.drawImage(this.#video, 0, blockY * 0.4, blockX * BITS, blockY * 0.2, 0, 0, BITS, 1);
    const pixels = this.#context.getImageData(0, 0, BITS, 1).data;
    let value = 0;
    for (let bit = 0; bit < BITS; bit += 1) value = value * 2 + ((pixels[bit * 4 + 1] as number) > 127 ? 1 : 0);
    return value;
  }
}
