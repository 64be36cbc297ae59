/**
 * go2rtc's MSE player, as its own `video-rtc.js` (v1.9.9) does it: MSE over one WebSocket, `segments` mode, the last five
 * seconds kept, and `playbackRate = distance to the edge` as drift control. Written anew after that file, for the comparison only.
 */
const CODECS = ["avc1.640029", "avc1.64002A", "avc1.640033", "hvc1.1.6.L153.B0", "mp4a.40.2", "mp4a.40.5", "flac", "opus"];
const KEEP_S = 5;

export function connectPeer(video: HTMLVideoElement, url: string): void {
  const source = new MediaSource();
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  let buffer: SourceBuffer | null = null;
  let queue: Uint8Array[] = [];

  const opened = new Promise<void>((resolve) => source.addEventListener("sourceopen", () => resolve(), { once: true }));
  video.src = URL.createObjectURL(source);
  socket.onopen = async () => {
    await opened;
    const value = CODECS.filter((codec) => MediaSource.isTypeSupported(`video/mp4; codecs="${codec}"`)).join();
    socket.send(JSON.stringify({ type: "mse", value }));
  };

  function pump(): void {
    if (!buffer || buffer.updating) return;
    if (queue.length > 0) {
      const size = queue.reduce((sum, part) => sum + part.byteLength, 0);
      const joined = new Uint8Array(size);
      let offset = 0;
      for (const part of queue) {
        joined.set(part, offset);
        offset += part.byteLength;
      }
      queue = [];
      buffer.appendBuffer(joined);
      return;
    }
    if (!buffer.buffered.length) return;
    const end = buffer.buffered.end(buffer.buffered.length - 1);
    const start = end - KEEP_S;
    const first = buffer.buffered.start(0);
    if (start > first) {
      buffer.remove(first, start);
      source.setLiveSeekableRange(start, end);
    }
    if (video.currentTime < start) video.currentTime = start;
    const gap = end - video.currentTime;
    video.playbackRate = gap > 0.1 ? gap : 0.1;
  }

  socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
    if (typeof event.data === "string") {
      const message = JSON.parse(event.data) as { type: string; value: string };
      if (message.type !== "mse") return;
      buffer = source.addSourceBuffer(message.value);
      buffer.mode = "segments";
      buffer.addEventListener("updateend", pump);
      video.play().catch(() => undefined);
      return;
    }
    queue.push(new Uint8Array(event.data));
    pump();
  };
}
