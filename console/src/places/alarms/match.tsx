// Which list an event is about, which entry, and how sure that is. The first thing to know of such an event.

import { CircleHelp, Info, ListX, type LucideIcon, Siren } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Happening } from "../../api/types";
import { Badge, type Tone } from "../../parts/misc";
import { useWords } from "../../parts/words";
import styles from "./match.module.css";

const ICONS: Record<string, LucideIcon> = { alarm: Siren, warning: CircleHelp, information: Info };

/** What the row of an event shows of it: the plate, or the entry that fits. Pure. */
export function titleOf(event: Pick<Happening, "match" | "objects">): string {
  if (!event.match) return "";
  return event.objects.find((object) => object.plate?.text)?.plate?.text ?? event.match.entry;
}

const TONES: Record<Happening["severity"], Tone> = {
  "": "neutral",
  alarm: "bad",
  warning: "warn",
  information: "info",
};

/** In the row of an event: the plate or the entry, as loud as it is. */
export function MatchBadge({ event }: { event: Happening }) {
  return <Badge tone={TONES[event.severity]}>{titleOf(event)}</Badge>;
}

export function MatchNote({ event }: { event: Happening }) {
  const { t } = useTranslation();
  const words = useWords();
  const { match, severity } = event;
  if (!match) return null;
  const Icon = match.state === "unlisted" ? ListX : (ICONS[severity] ?? Info);
  return (
    <section className={styles["match"]} data-severity={severity} aria-label={t("match.title")}>
      <Icon size={22} aria-hidden />
      <div className={styles["words"]}>
        <p className={styles["head"]}>
          <strong className={styles["plate"]}>{titleOf(event)}</strong>
          <span>
            {severity ? `${t(`match.severities.${severity}`)}: ` : ""}
            {t(`match.states.${match.state}`, { list: match.list_name, kind: t(`lists.kinds.${match.list_kind}`) })}
          </span>
        </p>
        {match.entry ? (
          <dl className={styles["facts"]}>
            <div>
              <dt>{t("match.entry")}</dt>
              <dd>{match.entry}</dd>
            </div>
            <div>
              <dt>{t("lists.reason")}</dt>
              <dd>{match.reason}</dd>
            </div>
            <div>
              <dt>{t("lists.owner")}</dt>
              <dd>{match.owner}</dd>
            </div>
          </dl>
        ) : null}
        {match.doubts.length > 0 ? (
          <ul className={styles["doubts"]} aria-label={t("match.doubts")}>
            {match.doubts.map((doubt) => (
              <li key={doubt.kind}>
                {t(`match.doubtKinds.${doubt.kind}`, {
                  seen: doubt.seen ? words.any("attributeValues", doubt.seen) : t("alarms.unclear"),
                  listed: words.any("attributeValues", doubt.listed),
                })}
              </li>
            ))}
          </ul>
        ) : null}
      </div>
    </section>
  );
}
