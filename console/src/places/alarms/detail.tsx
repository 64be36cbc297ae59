// One event: clip, picture, facts, why, and the acknowledgement.

import { Link } from "@tanstack/react-router";
import { ArrowLeft, Check, CheckCheck, History } from "lucide-react";
import { type FormEvent, type RefObject, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import { useAcknowledge } from "../../api/queries";
import type { Happening } from "../../api/types";
import {
  formatClock,
  formatDay,
  formatDuration,
  formatFigure,
  formatMoment,
  formatNumber,
  formatOffset,
} from "../../lib/format";
import { Button, buttonClass } from "../../parts/button";
import { Clip } from "../../parts/clip/clip";
import { TextField } from "../../parts/field";
import { Badge } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { useWords } from "../../parts/words";
import styles from "./detail.module.css";
import { MatchNote } from "./match";
import { MatchedFace } from "./matched-face";
import { EventPicture } from "./picture";
import { SeenObjects } from "./seen";
import { isSystemKind, KindIcon } from "./system-kinds";

const BEFORE_MS = 4000;
const AFTER_MS = 4000;
const SHORTEST_MS = 3000;
const LONGEST_MS = 60_000;

/** The piece of footage that shows an event: some seconds before and after, a long one cut. Pure. */
export function clipOf(event: Pick<Happening, "from" | "to">): { fromMs: number; toMs: number } {
  const startMs = Date.parse(event.from);
  const endMs = event.to ? Date.parse(event.to) : startMs + SHORTEST_MS;
  const lengthMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, endMs - startMs));
  return { fromMs: startMs - BEFORE_MS, toMs: startMs + lengthMs + AFTER_MS };
}

interface DetailProps {
  event: Happening;
  /** Filled with the act of the key A. */
  acknowledgeKey: RefObject<(() => void) | null>;
  onBack: () => void;
  onDone: () => void;
}

export function EventDetail({ event, acknowledgeKey, onBack, onDone }: DetailProps) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const words = useWords();
  const { fromMs, toMs } = clipOf(event);
  const startMs = Date.parse(event.from);
  return (
    <article className={styles["detail"]}>
      <header className={styles["head"]}>
        <Button look="quiet" small className={styles["back"]} onPress={onBack} aria-label={t("alarms.backToList")}>
          <ArrowLeft size={16} aria-hidden />
        </Button>
        <div className={styles["title"]}>
          <h2>{words.kind(event.kind)}</h2>
          <p className="muted">
            {event.camera_name || t("alarms.system")} · {formatDay(startMs, i18n.language)},{" "}
            {formatClock(startMs, i18n.language)} {formatOffset(startMs)}
          </p>
        </div>
        <Badge tone={event.state === "new" ? "warn" : "good"}>{t(`alarms.states.${event.state}`)}</Badge>
        {may("recording.play") && event.camera_id ? (
          <Link
            to="/review"
            search={{ cameras: event.camera_id, at: new Date(fromMs).toISOString() }}
            className={buttonClass()}
          >
            <History size={15} aria-hidden />
            {t("alarms.open")}
          </Link>
        ) : null}
      </header>
      {isSystemKind(event.kind) ? <About event={event} /> : null}
      <MatchNote event={event} />
      <MatchedFace event={event} />
      <div className={styles["media"]}>
        {may("recording.play") && event.camera_id ? (
          <Clip
            camera={event.camera_id}
            fromMs={fromMs}
            toMs={toMs}
            poster={event.picture_url ?? undefined}
            label={t("alarms.clip")}
          />
        ) : null}
        {isSystemKind(event.kind) && !event.picture_url ? null : <EventPicture event={event} />}
      </div>
      <div className={styles["columns"]}>
        <Facts event={event} />
        <Acknowledgement event={event} acknowledgeKey={acknowledgeKey} onDone={onDone} />
      </div>
      <SeenObjects event={event} />
      <Explanation event={event} />
    </article>
  );
}

/** What an event of the system means and what to do, in the reader's words; then the system's own. */
function About({ event }: { event: Happening }) {
  const words = useWords();
  return (
    <div className={styles["about"]}>
      <KindIcon kind={event.kind} size={22} />
      <div>
        <p>{words.any("kindHelp", event.kind)}</p>
        {event.detail ? <p className="muted">{event.detail}</p> : null}
      </div>
    </div>
  );
}

function Facts({ event }: { event: Happening }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const lastedMs = event.to ? Date.parse(event.to) - Date.parse(event.from) : null;
  const lasted = lastedMs === null ? t("alarms.ongoing") : lastedMs < 500 ? "" : formatDuration(lastedMs);
  const facts: [string, string][] = [
    [t("alarms.lasted"), lasted],
    [t("alarms.object"), event.object_class ? words.objectClass(event.object_class) : ""],
    [t("alarms.confidence"), event.confidence > 0 ? `${formatNumber(event.confidence * 100, i18n.language)} %` : ""],
    [t("alarms.zone"), event.zone || (event.rule_id === event.kind || event.match ? "" : event.rule_id)],
    [
      t("alarms.direction"),
      event.direction === 0
        ? ""
        : event.direction > 0
          ? t("alarms.directions.forward")
          : t("alarms.directions.backward"),
    ],
    [t("alarms.release"), event.release],
  ];
  return (
    <dl className={styles["facts"]}>
      {facts
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Acknowledgement({ event, acknowledgeKey, onDone }: Omit<DetailProps, "onBack">) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const [note, setNote] = useState("");
  const acknowledge = useAcknowledge();
  const canAct = event.state === "new" && may("event.acknowledge");
  const act = () => acknowledge.mutate({ id: event.id, note }, { onSuccess: onDone });

  useEffect(() => {
    acknowledgeKey.current = canAct && !acknowledge.isPending ? act : null;
    return () => {
      acknowledgeKey.current = null;
    };
  });

  if (event.state === "acknowledged") {
    const at = event.acknowledged_at ? formatMoment(Date.parse(event.acknowledged_at), Date.now(), i18n.language) : "";
    return (
      <div className={styles["acknowledged"]}>
        <CheckCheck size={16} aria-hidden />
        <div>
          <p>{t("alarms.acknowledgedBy", { user: event.acknowledged_by ?? "", at })}</p>
          {event.note ? <p className="muted">{event.note}</p> : null}
        </div>
      </div>
    );
  }
  if (!canAct) return null;
  const submit = (submitted: FormEvent) => {
    submitted.preventDefault();
    act();
  };
  return (
    <form className={styles["acknowledge"]} onSubmit={submit}>
      <TextField
        label={t("alarms.note")}
        value={note}
        onChange={setNote}
        placeholder={t("alarms.notePlaceholder")}
        maxLength={2000}
      />
      <Button type="submit" look="primary" isDisabled={acknowledge.isPending}>
        <Check size={15} aria-hidden />
        {acknowledge.isPending ? t("alarms.acknowledging") : t("alarms.acknowledge")}
        <kbd className={styles["key"]}>A</kbd>
      </Button>
      {acknowledge.error ? <ProblemNote error={acknowledge.error} what={t("alarms.acknowledgeFailed")} /> : null}
    </form>
  );
}

function Explanation({ event }: { event: Happening }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  if (event.explanation.length === 0) return null;
  return (
    <section className={styles["why"]}>
      <h3>{t("alarms.why")}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("alarms.measure")}</th>
            <th scope="col">{t("alarms.value")}</th>
            <th scope="col">{t("alarms.threshold")}</th>
          </tr>
        </thead>
        <tbody>
          {event.explanation.map((line) => (
            <tr key={line.measure}>
              <td>{words.measure(line.measure)}</td>
              <td>{formatFigure(line.value, i18n.language)}</td>
              <td>{formatFigure(line.threshold, i18n.language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
