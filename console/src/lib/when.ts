// Reads a time as people say it: `14:05`, `yesterday 8pm`, `-10m`, `20/11 14:05`, `hôm qua 20h15`.
// Pure: now is an argument. Local time of the browser, as every time on the screen.

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

const DAY_WORDS: Record<string, number> = {
  today: 0,
  "hôm nay": 0,
  "hom nay": 0,
  yesterday: -1,
  "hôm qua": -1,
  "hom qua": -1,
  "hôm kia": -2,
  "hom kia": -2,
};

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

interface Clock {
  hour: number;
  minute: number;
  second: number;
}

function readClock(text: string): Clock | null {
  const match = /^(\d{1,2})(?:(?::|h|g)(\d{2})?(?::(\d{2}))?)?\s*(am|pm|sáng|chiều|tối)?$/.exec(text);
  if (!match) return null;
  const [, hourText, minuteText, secondText, half] = match;
  if (!half && !/[:hg]/.test(text)) return null; // a bare number could be anything
  let hour = Number(hourText);
  if ((half === "pm" || half === "chiều" || half === "tối") && hour < 12) hour += 12;
  if ((half === "am" || half === "sáng") && hour === 12) hour = 0;
  const clock = { hour, minute: Number(minuteText ?? 0), second: Number(secondText ?? 0) };
  return clock.hour < 24 && clock.minute < 60 && clock.second < 60 ? clock : null;
}

function readAgo(text: string, now: Date): Date | null {
  if (!/^-\s*(\d+(?:\.\d+)?\s*[smhdw]\s*)+$/.test(text)) return null;
  let backMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*([smhdw])/g)) {
    backMs += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return new Date(now.getTime() - backMs);
}

function dayBefore(now: Date, days: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
}

/** Splits a leading day off: returns local midnight of it and what is left. */
function readDay(text: string, now: Date): { day: Date; rest: string } | null {
  for (const [word, days] of Object.entries(DAY_WORDS)) {
    if (text === word || text.startsWith(`${word} `))
      return { day: dayBefore(now, days), rest: text.slice(word.length) };
  }
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ t](.*))?$/.exec(text);
  if (iso) return validDay(Number(iso[1]), Number(iso[2]), Number(iso[3]), iso[4] ?? "");
  const dayFirst = /^(\d{1,2})[/.](\d{1,2})(?:[/.](\d{4}))?(?: (.*))?$/.exec(text);
  if (dayFirst) {
    const year = Number(dayFirst[3] ?? now.getFullYear());
    return validDay(year, Number(dayFirst[2]), Number(dayFirst[1]), dayFirst[4] ?? "");
  }
  const weekday = WEEKDAYS.findIndex((name) => new RegExp(`^${name}[a-z]*( |$)`).test(text));
  if (weekday < 0) return null;
  const back = (now.getDay() - weekday + 7) % 7 || 7;
  return { day: dayBefore(now, -back), rest: text.replace(/^[a-z]+/, "") };
}

function validDay(year: number, month: number, dayOfMonth: number, rest: string): { day: Date; rest: string } | null {
  const day = new Date(year, month - 1, dayOfMonth);
  const same = day.getMonth() === month - 1 && day.getDate() === dayOfMonth;
  return same ? { day, rest } : null;
}

/** Returns the moment meant, or null when the text says none. */
export function readWhen(input: string, now: Date): Date | null {
  const text = input.trim().toLowerCase().normalize("NFC").replace(/\s+/g, " ");
  if (text === "") return null;
  if (["now", "live", "bây giờ", "bay gio"].includes(text)) return now;
  const ago = readAgo(text, now);
  if (ago) return ago;
  if (/^\d{4}-\d{2}-\d{2}t.*(z|[+-]\d{2}:\d{2})$/.test(text)) {
    const instant = new Date(input.trim());
    return Number.isNaN(instant.getTime()) ? null : instant;
  }
  const dayAndRest = readDay(text, now);
  const rest = (dayAndRest ? dayAndRest.rest : text).replace(/^ ?(at|lúc) /, "").trim();
  const day = dayAndRest?.day ?? dayBefore(now, 0);
  if (rest === "") return dayAndRest ? day : null;
  const clock = readClock(rest);
  if (!clock) return null;
  const moment = new Date(day.getFullYear(), day.getMonth(), day.getDate(), clock.hour, clock.minute, clock.second);
  // Footage lies in the past: a bare time later than now means yesterday's.
  if (!dayAndRest && moment > now) moment.setDate(moment.getDate() - 1);
  return moment;
}
