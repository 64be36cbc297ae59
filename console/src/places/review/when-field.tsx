// The time that is shown, and a field that understands another: type `14:05`, `yesterday 8pm` or `-10m` and Enter.

import { Clock } from "lucide-react";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatClock, formatDay, formatOffset, formatShortDay } from "../../lib/format";
import { readWhen } from "../../lib/when";
import type { SyncClock } from "../../media";
import { useEachFrame } from "../../parts/clip/use-playback";
import styles from "./when-field.module.css";

export function WhenField({ clock, onSeek }: { clock: SyncClock | null; onSeek: (ms: number) => void }) {
  const { t, i18n } = useTranslation();
  const [text, setText] = useState("");
  const [isWrong, setWrong] = useState(false);
  const isNarrow = window.matchMedia("(max-width: 560px)").matches;
  const shown = useRef<HTMLSpanElement>(null);
  const wordsId = useId();
  useEachFrame(clock, (nowMs) => {
    if (!shown.current) return;
    const clockWords = formatClock(nowMs, i18n.language);
    const words = isNarrow
      ? `${formatShortDay(nowMs, i18n.language)} ${clockWords}`
      : `${formatDay(nowMs, i18n.language)}  ${clockWords}  ${formatOffset(nowMs)}`;
    if (shown.current.textContent !== words) shown.current.textContent = words;
  });
  useEffect(() => {
    if (text === "") setWrong(false);
  }, [text]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const moment = readWhen(text, new Date());
    if (!moment) {
      setWrong(true);
      return;
    }
    setText("");
    onSeek(moment.getTime());
  };
  return (
    <form className={styles["when"]} onSubmit={submit} data-wrong={isWrong || undefined}>
      <span ref={shown} className={styles["shown"]} />
      <label className={styles["field"]}>
        <Clock size={14} aria-hidden />
        <span className="visually-hidden">{t("review.when")}</span>
        <input
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder={t("review.whenPlaceholder")}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? wordsId : undefined}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            setText("");
            event.currentTarget.blur();
          }}
        />
      </label>
      {isWrong ? (
        <span id={wordsId} className={styles["wrong"]} role="alert">
          {t("review.whenWrong")}
        </span>
      ) : null}
    </form>
  );
}
