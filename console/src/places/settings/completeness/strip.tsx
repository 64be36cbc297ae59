// One stream's completeness as a strip of cells. One stop for the Tab key; arrows walk, Enter zooms.

import { type KeyboardEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { LedgerStream } from "../../../api/types";
import { formatClock, formatNumber, formatShortDay } from "../../../lib/format";
import { useWords } from "../../../parts/words";
import styles from "./completeness.module.css";
import { cellsOf, formatShare, type LedgerCell, type LedgerView, reasonsOf, STEPS } from "./ledger";

interface StripProps {
  stream: LedgerStream;
  name: string;
  view: LedgerView;
  onZoom: (ms: number) => void;
}

export function Strip({ stream, name, view, onZoom }: StripProps) {
  const { t, i18n } = useTranslation();
  const cells = cellsOf(stream, view.fromMs, view.toMs, STEPS[view.step].stepMs);
  const [focus, setFocus] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const say = useSayCell(view);
  const current = Math.min(focus, cells.length - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = Math.min(cells.length - 1, Math.max(0, current + by));
    setFocus(next);
    box.current?.querySelectorAll<HTMLElement>("button")[next]?.focus();
  };
  const label = `${name}, ${t(`camera.${stream.stream as "main"}`)}`;
  return (
    <div className={styles["strip"]}>
      <div className={styles["stripName"]}>
        <strong className="truncate">{name}</strong>
        <span className="muted">{t(`camera.${stream.stream as "main"}`)}</span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: cells of a strip are a group of buttons */}
      <div ref={box} role="group" aria-label={label} className={styles["cells"]} onKeyDown={onKeyDown}>
        {cells.map((cell, index) => (
          <button
            key={cell.fromMs}
            type="button"
            tabIndex={index === current ? 0 : -1}
            data-level={cell.level}
            aria-label={say(cell)}
            title={say(cell)}
            onFocus={() => setFocus(index)}
            onClick={() => onZoom(cell.fromMs)}
          />
        ))}
      </div>
      <div className={styles["share"]}>
        <strong>{formatShare(stream.completeness, i18n.language)}</strong>
        <span className="muted">
          {t("ledger.frames", {
            stored: formatNumber(stream.stored, i18n.language),
            expected: formatNumber(stream.expected, i18n.language),
          })}
        </span>
      </div>
    </div>
  );
}

/** A cell in words: when, how much, why. */
function useSayCell(view: LedgerView): (cell: LedgerCell) => string {
  const { t, i18n } = useTranslation();
  const words = useWords();
  return ({ fromMs, toMs, level, slot }) => {
    const clock = (ms: number) => formatClock(ms, i18n.language).slice(0, 5);
    const when = view.step === "day" ? formatShortDay(fromMs, i18n.language) : `${clock(fromMs)}–${clock(toMs)}`;
    const share = slot ? formatShare(slot.stored / slot.expected, i18n.language) : "";
    const why = slot ? reasonsOf([slot]).map(([reason]) => words.gap(reason)) : [];
    return [`${when}:`, share, t(`ledger.levels.${level}`), why.length > 0 ? `(${why.join("; ")})` : ""]
      .filter(Boolean)
      .join(" ");
  };
}
