// The timelines of the cameras that are shown, and what their colours mean.

import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useTimeline } from "../../api/queries";
import { useHolds } from "../../api/storage";
import { useFeed } from "../../app/feed";
import { ProblemNote } from "../../parts/problem-note";
import { Timeline, type TimelineProps } from "../../parts/timeline/timeline";
import { fetchSpan, lengthMs } from "../../parts/timeline/view";
import styles from "./review.module.css";

const BUCKETS_PER_VIEW = 600;

/** The rows and what they need besides, which is fetched here. */
export function Rows(props: Omit<TimelineProps, "data" | "holds">) {
  const { t } = useTranslation();
  const { cameras, span } = props;
  const wide = fetchSpan(span);
  const buckets = Math.min(4000, Math.round((BUCKETS_PER_VIEW * lengthMs(wide)) / lengthMs(span)));
  const raster = Math.round(buckets / 100) * 100;
  const timeline = useTimeline(
    cameras.map((camera) => camera.id),
    wide.fromMs,
    wide.toMs,
    raster,
  );
  const { refetch } = timeline;
  const { data: held } = useHolds();
  const holds = useMemo(
    () =>
      (held ?? []).map((hold) => ({
        camera: hold.camera_id,
        fromMs: Date.parse(hold.from),
        toMs: Date.parse(hold.to),
        reason: hold.reason,
      })),
    [held],
  );
  useFeed((event) => {
    if (cameras.some((camera) => camera.id === event.camera_id)) void refetch();
  });
  if (timeline.error && !timeline.data) {
    return (
      <div className={styles["failed"]}>
        <ProblemNote error={timeline.error} what={t("review.timelineFailed")} />
      </div>
    );
  }
  return <Timeline {...props} data={timeline.data} holds={holds} />;
}

export function Legend() {
  const { t } = useTranslation();
  return (
    <ul className={styles["legend"]} aria-hidden>
      {(["recording", "motion", "event", "held", "gap"] as const).map((kind) => (
        <li key={kind}>
          <span data-kind={kind} />
          {t(`review.legend.${kind}`)}
        </li>
      ))}
      <li className={styles["help"]}>{t("review.timelineHelp")}</li>
    </ul>
  );
}
