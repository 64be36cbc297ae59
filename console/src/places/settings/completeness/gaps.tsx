// Every gap with its reason in words, and the way to it in Review; and the minutes one by one.

import { Link } from "@tanstack/react-router";
import { CalendarOff, CameraOff, Clock, HardDrive, HelpCircle, PowerOff, Unplug } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { LedgerStream } from "../../../api/types";
import { formatClock, formatDuration, formatNumber, formatShortDay } from "../../../lib/format";
import { Button } from "../../../parts/button";
import { Table } from "../../../parts/misc";
import { useWords } from "../../../parts/words";
import styles from "./completeness.module.css";
import { formatShare, levelOf, reasonsOf } from "./ledger";

const GAPS_AT_FIRST = 100;
const SPAN_BEFORE_MS = 5000;

const ICONS: Record<string, typeof Clock> = {
  camera: CameraOff,
  network: Unplug,
  disk: HardDrive,
  clock: Clock,
  policy: CalendarOff,
  us: PowerOff,
  restart: PowerOff,
  internal: PowerOff,
};

/** A reason as shape, colour and word. */
export function Reason({ reason }: { reason: string }) {
  const words = useWords();
  const Icon = ICONS[reason] ?? HelpCircle;
  return (
    <span className={styles["reason"]} data-reason={reason}>
      <span className={styles["reasonMark"]} aria-hidden>
        <Icon size={13} />
      </span>
      {words.gap(reason)}
    </span>
  );
}

interface GapTableProps {
  streams: readonly LedgerStream[];
  nameOf: (id: string) => string;
}

export function GapTable({ streams, nameOf }: GapTableProps) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(GAPS_AT_FIRST);
  const gaps = streams
    .flatMap((stream) => stream.gaps.map((gap) => ({ ...gap, camera: stream.camera_id })))
    .sort((a, b) => Date.parse(b.from) - Date.parse(a.from));
  return (
    <section className={styles["gaps"]} aria-label={t("ledger.gaps")}>
      <h2>{t("ledger.gapsCount", { count: gaps.length })}</h2>
      {gaps.length === 0 ? <p className="muted">{t("ledger.noGaps")}</p> : null}
      {gaps.length > 0 ? (
        <Table
          label={t("ledger.gaps")}
          head={
            <>
              <th scope="col">{t("review.camera")}</th>
              <th scope="col">{t("ledger.start")}</th>
              <th scope="col">{t("ledger.length")}</th>
              <th scope="col">{t("ledger.reason")}</th>
              <th scope="col" data-align="end">
                {t("ledger.missing")}
              </th>
              <th scope="col">
                <span className="visually-hidden">{t("common.actions")}</span>
              </th>
            </>
          }
        >
          {gaps.slice(0, shown).map((gap) => (
            <GapRow key={`${gap.camera} ${gap.stream} ${gap.from} ${gap.reason}`} gap={gap} name={nameOf(gap.camera)} />
          ))}
        </Table>
      ) : null}
      {gaps.length > shown ? <Button onPress={() => setShown(shown + GAPS_AT_FIRST)}>{t("common.more")}</Button> : null}
    </section>
  );
}

function GapRow({ gap, name }: { gap: LedgerStream["gaps"][number] & { camera: string }; name: string }) {
  const { t, i18n } = useTranslation();
  const fromMs = Date.parse(gap.from);
  const at = `${formatShortDay(fromMs, i18n.language)} ${formatClock(fromMs, i18n.language)}`;
  return (
    <tr>
      <td data-cell="title">
        {name} <span className="muted">{t(`camera.${gap.stream as "main"}`)}</span>
      </td>
      <td data-label={t("ledger.start")} className={styles["moment"]}>
        {at}
      </td>
      <td data-label={t("ledger.length")} className={styles["moment"]}>
        {formatDuration(Date.parse(gap.to) - fromMs)}
      </td>
      <td data-label={t("ledger.reason")}>
        <Reason reason={gap.reason} />
      </td>
      <td data-label={t("ledger.missing")} data-align="end">
        {formatNumber(gap.frames_missing, i18n.language)}
      </td>
      <td data-cell="actions">
        <Link
          to="/review"
          search={{ cameras: gap.camera, at: new Date(fromMs - SPAN_BEFORE_MS).toISOString() }}
          className={styles["link"]}
          aria-label={`${t("ledger.open")}: ${name}, ${at}`}
        >
          {t("ledger.open")}
        </Link>
      </td>
    </tr>
  );
}

export function SlotTable({ stream, name }: { stream: LedgerStream; name: string }) {
  const { t, i18n } = useTranslation();
  const label = `${name}, ${t(`camera.${stream.stream as "main"}`)}`;
  return (
    <>
      <h3 className={styles["slotName"]}>{label}</h3>
      <Table
        label={label}
        head={
          <>
            <th scope="col">{t("ledger.minute")}</th>
            <th scope="col" data-align="end">
              {t("ledger.expected")}
            </th>
            <th scope="col" data-align="end">
              {t("ledger.stored")}
            </th>
            <th scope="col" data-align="end">
              {t("ledger.completeness")}
            </th>
            <th scope="col">{t("ledger.reason")}</th>
          </>
        }
      >
        {stream.slots.map((slot) => (
          <tr key={slot.at}>
            <td data-cell="title">
              <Link to="/review" search={{ cameras: stream.camera_id, at: slot.at }} className={styles["link"]}>
                {formatClock(Date.parse(slot.at), i18n.language).slice(0, 5)}
              </Link>
            </td>
            <td data-label={t("ledger.expected")} data-align="end">
              {formatNumber(slot.expected, i18n.language)}
            </td>
            <td data-label={t("ledger.stored")} data-align="end">
              {formatNumber(slot.stored, i18n.language)}
            </td>
            <td data-label={t("ledger.completeness")} data-align="end">
              {formatShare(slot.expected > 0 ? slot.stored / slot.expected : null, i18n.language)}
            </td>
            <td data-label={t("ledger.reason")}>
              {levelOf(slot, false) === "whole"
                ? t("ledger.levels.whole")
                : reasonsOf([slot]).map(([reason]) => <Reason key={reason} reason={reason} />)}
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}
