/** One WebSocket that comes back by itself: growing pauses, nothing after `close()`, and a word on why it is away. */

import { Backoff } from "./backoff";

/** The server's last word: reconnecting would give the same answer (RFC 6455 private codes, docs/design/streaming.md). */
const FINAL_CODES = new Map([
  [4401, "unauthenticated"],
  [4403, "no_permission"],
  [4404, "not_found"],
]);
/** A connection attempt that hangs for longer is given up. */
const OPEN_TIMEOUT_MS = 8000;

export interface SocketEvents {
  onOpen(): void;
  onText(message: Record<string, unknown>): void;
  onBinary(data: ArrayBuffer): void;
  /** The connection is gone; `finalCode` is set when it will not be tried again. */
  onLost(finalCode: string | null): void;
}

export class ReturningSocket {
  readonly #url: () => string;
  readonly #events: SocketEvents;
  readonly #backoff: Backoff;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isWanted = false;

  constructor(url: () => string, events: SocketEvents, backoff = new Backoff()) {
    this.#url = url;
    this.#events = events;
    this.#backoff = backoff;
  }

  open(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#connect();
  }

  close(): void {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    this.#drop();
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  send(message: Record<string, unknown>): void {
    if (this.isOpen) this.#socket?.send(JSON.stringify(message));
  }

  /** Drops the connection and connects anew after a pause. */
  restart(pauseMs: number): void {
    if (!this.#isWanted) return;
    clearTimeout(this.#timer);
    this.#drop();
    this.#timer = setTimeout(() => this.#connect(), pauseMs);
  }

  #connect(): void {
    const socket = new WebSocket(this.#url());
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(socket, 1006), OPEN_TIMEOUT_MS);
    socket.onopen = () => {
      clearTimeout(this.#timer);
      if (this.#socket === socket) this.#events.onOpen();
    };
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (this.#socket !== socket) return;
      this.#backoff.reset();
      if (typeof event.data === "string") this.#events.onText(JSON.parse(event.data) as Record<string, unknown>);
      else this.#events.onBinary(event.data);
    };
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  #lost(socket: WebSocket, code: number): void {
    if (this.#socket !== socket) return;
    clearTimeout(this.#timer);
    this.#drop();
    const finalCode = FINAL_CODES.get(code) ?? null;
    if (finalCode !== null) this.#isWanted = false;
    this.#events.onLost(finalCode);
    if (this.#isWanted) this.#timer = setTimeout(() => this.#connect(), this.#backoff.nextMs());
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

/** The absolute ws(s) address of a path of this page's origin, or of an absolute http(s) or ws(s) address. */
export function socketUrl(path: string, parameters: Record<string, string>): string {
  const url = new URL(path, globalThis.location?.href);
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.protocol === "https:") url.protocol = "wss:";
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}
