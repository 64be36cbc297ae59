// Numbers and times as the screen shows them. Pure; the locale is an argument.

const DASH = "–";

export function formatClock(ms: number, locale: string, withMs = false): string {
  const text = new Date(ms).toLocaleTimeString(locale, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    ...(withMs ? { fractionalSecondDigits: 3 as const } : {}),
  });
  return text;
}

export function formatDay(ms: number, locale: string): string {
  return new Date(ms).toLocaleDateString(locale, { weekday: "short", day: "2-digit", month: "short", year: "numeric" });
}

/** Day and time; the day is left out when it is today's. */
export function formatMoment(ms: number, nowMs: number, locale: string): string {
  const clock = formatClock(ms, locale);
  return isSameDay(ms, nowMs) ? clock : `${formatShortDay(ms, locale)} ${clock}`;
}

/** Day with its year and the minute: of what may be years away. */
export function formatDate(ms: number, locale: string): string {
  const day = new Date(ms).toLocaleDateString(locale, { day: "2-digit", month: "short", year: "numeric" });
  return `${day} ${formatClock(ms, locale).slice(0, 5)}`;
}

export function formatShortDay(ms: number, locale: string): string {
  return new Date(ms).toLocaleDateString(locale, { day: "2-digit", month: "short" });
}

export function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** `+07:00`, of the moment itself: it changes when the clocks do. */
export function formatOffset(ms: number): string {
  const minutes = -new Date(ms).getTimezoneOffset();
  const sign = minutes < 0 ? "−" : "+";
  const size = Math.abs(minutes);
  return `${sign}${String(Math.floor(size / 60)).padStart(2, "0")}:${String(size % 60).padStart(2, "0")}`;
}

/** `4 s`, `12 min`, `3 h 05 min`, `2 d 4 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `0:42`, `12:05`, `1:02:09`: the length of a clip or a selection. */
export function formatLength(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const tail = `${String(Math.floor(seconds / 60) % 60).padStart(seconds >= 3600 ? 2 : 1, "0")}:${String(seconds % 60).padStart(2, "0")}`;
  return seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${tail}` : tail;
}

export function formatBytes(bytes: number | null | undefined, locale: string): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return DASH;
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${formatNumber(value, locale, value < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`;
}

export function formatBitrate(bps: number | null | undefined, locale: string): string {
  if (!bps) return DASH;
  if (bps >= 1e6) return `${formatNumber(bps / 1e6, locale, 1)} Mb/s`;
  return `${formatNumber(bps / 1e3, locale, 0)} kb/s`;
}

export function formatNumber(value: number | null | undefined, locale: string, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Three significant digits: a threshold of 0.003 must not be shown as nothing. */
export function formatFigure(value: number, locale: string): string {
  return value.toLocaleString(locale, { maximumSignificantDigits: 3 });
}

export function formatCodec(codec: string): string {
  const known: Record<string, string> = { h264: "H.264", h265: "H.265", hevc: "H.265", av1: "AV1", mjpeg: "MJPEG" };
  return known[codec.toLowerCase()] ?? codec.toUpperCase();
}
