// A path across cameras: appearances by time, each with how long after the last one and whether it can have come from there.

import { TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Trace, Travel } from "../../api/types";
import { formatClock, formatDuration, formatMoment, formatNumber } from "../../lib/format";
import styles from "./search.module.css";
import { type Mark, placeMarks } from "./trace-marks";
import { Fit, ObjectPicture, When } from "./wall";

interface TraceViewProps {
  trace: Trace;
  chosen: string;
  onChoose: (id: string) => void;
}

export function TraceView({ trace, chosen, onChoose }: TraceViewProps) {
  const { t, i18n } = useTranslation();
  return (
    <section className={styles["trace"]} aria-label={t("search.trace")}>
      <h3>{t("search.traceTitle", { count: trace.steps.length })}</h3>
      <Line trace={trace} />
      <ol>
        {trace.steps.map(({ object, travel }) => (
          <li key={object.id} data-implausible={travel?.plausibility === "implausible"}>
            {travel ? <Way travel={travel} /> : null}
            <button
              type="button"
              className={styles["step"]}
              aria-current={object.id === chosen || undefined}
              onClick={() => onChoose(object.id)}
            >
              <ObjectPicture item={object} />
              <span className={styles["caption"]}>
                <strong className="truncate">{object.camera_name}</strong>
                {object.file ? (
                  <When item={object} />
                ) : (
                  <span className="muted">
                    {formatMoment(Date.parse(object.from), Date.now(), i18n.language)} –{" "}
                    {formatClock(Date.parse(object.to), i18n.language)}
                  </span>
                )}
                <Fit item={object} by={trace.by} />
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What lies between two appearances, in words. */
function Way({ travel }: { travel: Travel }) {
  const { t, i18n } = useTranslation();
  const gap = formatDuration(Math.max(0, travel.gap_s) * 1000);
  if (travel.plausibility !== "implausible") {
    const word = travel.plausibility === "plausible" ? "search.after" : "search.afterUnknown";
    return <p className={styles["way"]}>{t(word, { gap })}</p>;
  }
  const need = formatDuration(travel.need_s * 1000);
  const metres = formatNumber(travel.distance_m, i18n.language);
  return (
    <p className={styles["way"]} data-implausible>
      <TriangleAlert size={14} aria-hidden />
      {t(`search.reasons.${travel.reason || "too_fast"}`, { gap, need, metres })}
    </p>
  );
}

/** The stays on one line of time, a row for each camera. */
function Line({ trace }: { trace: Trace }) {
  const { t, i18n } = useTranslation();
  const rows = placeMarks(trace.visits);
  return (
    <div className={styles["line"]} role="img" aria-label={t("search.timeline", { count: rows.length })}>
      {rows.map(({ camera, marks }) => (
        <div key={camera.id} className={styles["lineRow"]}>
          <span className="truncate">{camera.name}</span>
          <span className={styles["lineBar"]}>
            {marks.map((mark) => (
              <Stay key={mark.from} mark={mark} clock={formatClock(Date.parse(mark.from), i18n.language)} />
            ))}
          </span>
        </div>
      ))}
    </div>
  );
}

function Stay({ mark, clock }: { mark: Mark; clock: string }) {
  const place = { left: `${mark.left * 100}%`, width: `${mark.width * 100}%` };
  return <i style={place} title={clock} data-implausible={!mark.isPlausible} />;
}
