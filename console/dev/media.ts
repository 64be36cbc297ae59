// The simulated server's live and playback sockets, in the wire format of docs/design/contracts.md.

import type { WebSocket } from "ws";
import { type Clip, FRAME_MS, frameAt, mimeOf } from "./clips";

const KIND_INIT = 0;
const KIND_MEDIA = 1;
const FLAG_KEY = 1;

function message(kind: number, flags: number, mediaTimeS: number, capturedMs: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(40);
  head.writeUInt8(2, 0);
  head.writeUInt8(kind, 1);
  head.writeUInt16LE(flags, 2);
  head.writeUInt32LE(Math.round(FRAME_MS * 90), 4);
  head.writeDoubleLE(mediaTimeS, 8);
  head.writeDoubleLE(capturedMs, 16);
  head.writeDoubleLE(capturedMs, 24);
  head.writeDoubleLE(Date.now(), 32);
  return Buffer.concat([head, bytes]);
}

function sendInit(socket: WebSocket, clip: Clip, stream: string): void {
  const { width, height } = clip;
  socket.send(
    JSON.stringify({ type: "init", mime: mimeOf(clip), width, height, run_id: "run", stream, codec: "h264" }),
  );
  socket.send(message(KIND_INIT, 0, 0, Date.now(), clip.init));
}

/** Sends one frame every 40 ms; the picture follows the wall clock, so every viewer sees the same one. */
export function serveLive(socket: WebSocket, clip: Clip, fault: string): void {
  if (fault !== "") {
    const words = FAULTS[fault] ?? FAULTS["offline"];
    socket.send(JSON.stringify({ type: "state", since_ms: Date.now() - 754_000, ...words }));
    return;
  }
  socket.send(JSON.stringify({ type: "state", state: "live", code: "", reason: "", hint: "", since_ms: Date.now() }));
  sendInit(socket, clip, "sub");
  let sent = 0;
  let started = false;
  const first = Math.floor(Date.now() / FRAME_MS);
  const timer = setInterval(() => {
    const due = Math.floor(Date.now() / FRAME_MS) - first;
    for (; sent <= due; sent += 1) {
      const frame = frameAt(clip, first + sent, (sent * FRAME_MS) / 1000);
      started ||= frame.isKey;
      if (!started) continue;
      socket.send(message(KIND_MEDIA, frame.isKey ? FLAG_KEY : 0, (sent * FRAME_MS) / 1000, Date.now(), frame.bytes));
    }
  }, FRAME_MS);
  socket.on("close", () => clearInterval(timer));
}

const FAULTS: Record<string, object> = {
  offline: {
    state: "offline",
    code: "camera_unreachable",
    reason: "192.0.2.17 does not answer on port 554.",
    hint: "Check the power and the cable of the camera, then its address.",
  },
  wrong_password: {
    state: "wrong_password",
    code: "wrong_password",
    reason: "The camera refused the user or the password.",
    hint: "Enter the camera's login again in its settings.",
  },
  unsupported: {
    state: "unsupported",
    code: "codec_unsupported",
    reason: "This browser cannot show H.265 and the camera has no H.264 sub stream.",
    hint: "Set the camera's second stream to H.264, or use a browser with H.265.",
  },
};

/** Answers play, buffered and stop: at most 10 s ahead of what the client has bought. */
export function servePlayback(socket: WebSocket, clipOf: (camera: string) => Clip): void {
  let timer: ReturnType<typeof setInterval> | undefined;
  socket.on("close", () => clearInterval(timer));
  socket.on("message", (raw) => {
    const ask = JSON.parse(String(raw)) as { op: string; camera: string; at: string; speed: number };
    if (ask.op === "buffered") return;
    clearInterval(timer);
    if (ask.op !== "play") return;
    const clip = clipOf(ask.camera);
    const atMs = Date.parse(ask.at);
    const firstMs = Math.floor(atMs / 1000) * 1000;
    const first = Math.round(firstMs / FRAME_MS);
    sendInit(socket, clip, "main");
    socket.send(JSON.stringify({ type: "position", wall_ms: atMs, media_time_s: (atMs - firstMs) / 1000 }));
    let sent = 0;
    const startedMs = Date.now();
    const push = () => {
      const aheadMs = 8000 + (Date.now() - startedMs) * ask.speed;
      for (; sent * FRAME_MS < aheadMs; sent += 1) {
        const mediaTimeS = (sent * FRAME_MS) / 1000;
        const frame = frameAt(clip, first + sent, mediaTimeS);
        const flags = frame.isKey ? FLAG_KEY : 0;
        socket.send(message(KIND_MEDIA, flags, mediaTimeS, firstMs + sent * FRAME_MS, frame.bytes));
      }
    };
    push();
    timer = setInterval(push, 200);
  });
}
