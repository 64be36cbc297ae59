// A WebSocket of JSON messages that comes back by itself: half a second, then twice as long up to 8 s.

export interface SocketOptions {
  url: string;
  onMessage: (message: unknown) => void;
  onOpen?: () => void;
  onLost?: () => void;
}

const FIRST_DELAY_MS = 500;
const LAST_DELAY_MS = 8000;

export function socketUrl(path: string, location: Pick<Location, "protocol" | "host"> = window.location): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}

/** Opens and keeps a socket until the returned function is called. */
export function keepSocket(options: SocketOptions): () => void {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let delayMs = FIRST_DELAY_MS;
  let stopped = false;

  const open = () => {
    socket = new WebSocket(options.url);
    socket.onopen = () => {
      delayMs = FIRST_DELAY_MS;
      options.onOpen?.();
    };
    socket.onmessage = (event: MessageEvent) => {
      if (typeof event.data !== "string") return;
      options.onMessage(JSON.parse(event.data));
    };
    socket.onclose = () => {
      if (stopped) return;
      options.onLost?.();
      timer = setTimeout(open, delayMs);
      delayMs = Math.min(LAST_DELAY_MS, delayMs * 2);
    };
  };

  open();
  return () => {
    stopped = true;
    clearTimeout(timer);
    socket?.close();
  };
}
