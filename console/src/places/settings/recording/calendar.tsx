// The weekly calendar: seven days by 24 hours, painted with mouse, finger or keys.

import { Copy } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";
import type { RecordingMode } from "../../../api/types";
import { IconButton } from "../../../parts/button";
import styles from "./calendar.module.css";
import { MODES } from "./plan";
import {
  copyDay,
  DAYS,
  MINUTES_PER_CELL,
  MINUTES_PER_DAY,
  modeAt,
  moveCell,
  paintWeek,
  type Step,
  type Week,
  writeClock,
} from "./week";

interface CalendarProps {
  week: Week;
  /** Holds where nothing is painted. */
  mode: RecordingMode;
  onChange: (week: Week) => void;
}

interface Cell {
  day: number;
  hour: number;
}

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const STEPS: ReadonlySet<string> = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);

const range = (a: number, b: number): number[] =>
  Array.from({ length: Math.abs(a - b) + 1 }, (_, index) => Math.min(a, b) + index);

export function WeekCalendar({ week, mode, onChange }: CalendarProps) {
  const { t } = useTranslation();
  const [brush, setBrush] = useState<RecordingMode>("motion");
  const [focus, setFocus] = useState<Cell>({ day: 0, hour: 8 });
  const grid = useRef<HTMLDivElement>(null);
  const start = useRef<{ cell: Cell; week: Week } | null>(null);

  const paint = (onto: Week, from: Cell, to: Cell, with_: RecordingMode) => {
    const [first, last] = [Math.min(from.hour, to.hour), Math.max(from.hour, to.hour) + 1];
    // Painting the mode that holds anyway takes the span away, so that it follows when that mode is changed.
    const laid = with_ === mode ? null : with_;
    const days = range(from.day, to.day);
    onChange(paintWeek(onto, days, first * MINUTES_PER_CELL, last * MINUTES_PER_CELL, laid));
  };
  const focusCell = (cell: Cell) => {
    setFocus(cell);
    grid.current?.querySelector<HTMLElement>(`[data-cell="${cell.day} ${cell.hour}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const byNumber = MODES[Number(event.key) - 1];
    if (STEPS.has(event.key)) {
      const next = moveCell(focus, event.key as Step);
      if (event.shiftKey) paint(week, focus, next, brush);
      focusCell(next);
    } else if (event.key === " " || event.key === "Enter") paint(week, focus, focus, brush);
    else if (byNumber) setBrush(byNumber);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const cellAt = (event: PointerEvent): Cell | null => {
    const place = event.currentTarget.getBoundingClientRect();
    const [x, y] = [(event.clientX - place.left) / place.width, (event.clientY - place.top) / place.height];
    const clamp = (value: number, most: number) => Math.min(most, Math.max(0, Math.floor(value)));
    return place.width > 0 ? { day: clamp(y * 7, 6), hour: clamp(x * 24, 23) } : null;
  };
  const pointers = {
    onPointerDown: (event: PointerEvent<HTMLDivElement>) => {
      const cell = cellAt(event);
      if (event.button !== 0 || !cell) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      start.current = { cell, week };
      setFocus(cell);
      paint(week, cell, cell, brush);
    },
    onPointerMove: (event: PointerEvent<HTMLDivElement>) => {
      const cell = cellAt(event);
      if (start.current && cell) paint(start.current.week, start.current.cell, cell, brush);
    },
    onPointerUp: () => {
      start.current = null;
    },
    onPointerCancel: () => {
      if (start.current) onChange(start.current.week);
      start.current = null;
    },
  };

  return (
    <div className={styles["calendar"]}>
      <Brushes brush={brush} onChange={setBrush} />
      <div className={styles["table"]}>
        <div className={styles["hours"]} aria-hidden>
          {[0, 6, 12, 18, 24].map((hour) => (
            <span key={hour} style={{ left: `${(hour / 24) * 100}%` }}>
              {writeClock(hour * 60)}
            </span>
          ))}
        </div>
        <ul className={styles["days"]}>
          {DAYS.map((day) => (
            <li key={day}>
              <span>{t(`days.short.${day}`)}</span>
              <CopyMenu day={day} onCopy={(to) => onChange(copyDay(week, day, to))} />
            </li>
          ))}
        </ul>
        {/* biome-ignore lint/a11y/useSemanticElements: a table of 168 painted cells is a grid, not a table of words */}
        <div
          ref={grid}
          role="grid"
          tabIndex={-1}
          aria-label={t("plan.calendar")}
          aria-description={t("plan.calendarHelp")}
          className={styles["grid"]}
          onKeyDown={onKeyDown}
          {...pointers}
        >
          {DAYS.map((day) => (
            <Row key={day} day={day} spans={week[day] ?? []} mode={mode} focus={focus} onFocus={setFocus} />
          ))}
        </div>
      </div>
      <p className={styles["help"]}>{t("plan.calendarHelp")}</p>
    </div>
  );
}

interface RowProps {
  day: number;
  spans: Week[number];
  mode: RecordingMode;
  focus: Cell;
  onFocus: (cell: Cell) => void;
}

function Row({ day, spans, mode, focus, onFocus }: RowProps) {
  const { t } = useTranslation();
  const dayName = t(`days.long.${day as 0}`);
  return (
    // biome-ignore lint/a11y/useSemanticElements: see the grid
    // biome-ignore lint/a11y/useFocusableInteractive: its cells take the focus
    <div role="row" className={styles["row"]} data-mode={mode} aria-label={dayName}>
      {spans.map((span) => (
        <span
          key={span.from}
          aria-hidden
          className={styles["span"]}
          data-mode={span.mode}
          style={{
            left: `${(span.from / MINUTES_PER_DAY) * 100}%`,
            width: `${((span.to - span.from) / MINUTES_PER_DAY) * 100}%`,
          }}
        />
      ))}
      {HOURS.map((hour) => {
        const at = modeAt(spans, hour * MINUTES_PER_CELL, mode);
        return (
          // biome-ignore lint/a11y/useSemanticElements: see the grid
          <div
            key={hour}
            role="gridcell"
            tabIndex={focus.day === day && focus.hour === hour ? 0 : -1}
            data-cell={`${day} ${hour}`}
            className={styles["cell"]}
            aria-label={`${dayName} ${writeClock(hour * 60)}, ${t(`plan.modes.${at}`)}`}
            onFocus={() => onFocus({ day, hour })}
          />
        );
      })}
    </div>
  );
}

function Brushes({ brush, onChange }: { brush: RecordingMode; onChange: (mode: RecordingMode) => void }) {
  const { t } = useTranslation();
  return (
    <fieldset className={styles["brushes"]}>
      <legend>{t("plan.paintWith")}</legend>
      {MODES.map((mode, index) => (
        <button key={mode} type="button" aria-pressed={brush === mode} onClick={() => onChange(mode)}>
          <span className={styles["swatch"]} data-mode={mode} aria-hidden />
          {t(`plan.modes.${mode}`)}
          <kbd aria-hidden>{index + 1}</kbd>
        </button>
      ))}
    </fieldset>
  );
}

const WORKDAYS = [0, 1, 2, 3, 4];
const WEEKEND = [5, 6];

function CopyMenu({ day, onCopy }: { day: number; onCopy: (to: readonly number[]) => void }) {
  const { t } = useTranslation();
  const item = styles["item"] ?? "";
  return (
    <MenuTrigger>
      <IconButton small label={`${t("plan.copyDay")}: ${t(`days.long.${day as 0}`)}`}>
        <Copy size={13} aria-hidden />
      </IconButton>
      <Popover placement="bottom start" offset={4}>
        <Menu className={styles["menu"] ?? ""} aria-label={t("plan.copyDay")}>
          <MenuItem className={item} onAction={() => onCopy(DAYS)}>
            {t("days.every")}
          </MenuItem>
          <MenuItem className={item} onAction={() => onCopy(WORKDAYS)}>
            {t("days.work")}
          </MenuItem>
          <MenuItem className={item} onAction={() => onCopy(WEEKEND)}>
            {t("days.weekend")}
          </MenuItem>
          {DAYS.filter((other) => other !== day).map((other) => (
            <MenuItem key={other} id={String(other)} className={item} onAction={() => onCopy([other])}>
              {t(`days.long.${other}`)}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
