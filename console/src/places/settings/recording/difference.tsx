// What saving would change, before and after, for each camera it concerns.

import { ArrowRight } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RecordingPlan } from "../../../api/types";
import { differencesOf, type PlanChange } from "./plan";
import type { Target } from "./recording";
import styles from "./recording.module.css";

export function Difference({ targets, after }: { targets: readonly Target[]; after: RecordingPlan }) {
  const { t } = useTranslation();
  const changed = targets
    .map((target) => ({ ...target, changes: differencesOf(target.plan, after) }))
    .filter((target) => target.changes.length > 0);
  if (changed.length === 0) return <p className="muted">{t("plan.noChanges")}</p>;
  return (
    <div className={styles["difference"]}>
      {changed.map(({ id, name, changes }) => (
        <div key={id}>
          {targets.length > 1 ? <h3>{name}</h3> : null}
          <dl>
            {changes.map((change) => (
              <ChangeRow key={`${change.field} ${change.mode ?? ""}`} change={change} />
            ))}
          </dl>
        </div>
      ))}
    </div>
  );
}

function ChangeRow({ change }: { change: PlanChange }) {
  const { t } = useTranslation();
  const say = useSayField(change);
  const name = change.mode
    ? `${t("plan.fields.retention")}, ${t(`plan.modes.${change.mode}`)}`
    : t(`plan.fields.${change.field}`);
  return (
    <div className={styles["change"]}>
      <dt>{name}</dt>
      <dd>
        <span className={styles["before"]}>
          <span className="visually-hidden">{t("plan.before")} </span>
          {say(change.before)}
        </span>
        <ArrowRight size={14} aria-hidden />
        <span>
          <span className="visually-hidden">{t("plan.after")} </span>
          {say(change.after)}
        </span>
      </dd>
    </div>
  );
}

function useSayField({ field, mode }: PlanChange): (plan: RecordingPlan) => string {
  const { t } = useTranslation();
  return (plan) => {
    switch (field) {
      case "mode":
        return t(`plan.modes.${plan.mode}`);
      case "calendar":
        return (
          plan.calendar
            .map((span) => {
              const days = span.days.map((day) => t(`days.short.${day as 0}`)).join(" ");
              return `${days} ${span.from}–${span.to} ${t(`plan.modes.${span.mode}`)}`;
            })
            .join("; ") || t("plan.emptyCalendar")
        );
      case "timezone":
        return plan.timezone;
      case "pre":
        return `${plan.pre_s} s`;
      case "post":
        return `${plan.post_s} s`;
      case "packets":
        return t(plan.motion.use_packet_sizes ? "plan.yes" : "plan.no");
      case "volumes":
        return plan.volumes.join(", ") || t("plan.anyVolume");
      case "retention": {
        const term = plan.retention.find((one) => one.mode === mode);
        const min = term?.min_days ? t("plan.atLeast", { count: term.min_days }) : t("plan.noPromise");
        const max = term?.max_days ? t("plan.atMost", { count: term.max_days }) : t("plan.noLimit");
        return `${min}, ${max}`;
      }
    }
  };
}
