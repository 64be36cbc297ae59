// What is looked for in front of each camera, and what that costs.

import { useTranslation } from "react-i18next";
import { useCameras } from "../../../api/queries";
import type { System } from "../../../api/types";
import { formatNumber } from "../../../lib/format";
import { Badge, Table, type Tone } from "../../../parts/misc";
import { useCodeWords } from "../../../parts/problem-words";
import { useWords } from "../../../parts/words";
import styles from "./health.module.css";

const ANALYSIS_TONES: Record<System["analysis"][number]["state"], Tone> = {
  analysing: "good",
  waiting: "neutral",
  paused: "warn",
  refused: "bad",
  failed: "bad",
};

const hasCaveat = ({ code, categories_left_out }: System["analysis"][number]) =>
  code !== "" || categories_left_out.length > 0;

export function Analysis({ analysis }: { analysis: System["analysis"] }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const say = useCodeWords();
  const { data: cameras } = useCameras();
  const explain = (code: string, reason: string) => {
    const known = say(code);
    return known.reason ? `${known.reason}. ${known.hint}` : reason;
  };
  return (
    <Table
      label={t("health.analysis")}
      head={
        <>
          <th scope="col">{t("health.camera")}</th>
          <th scope="col">{t("health.state")}</th>
          <th scope="col">{t("health.lookedFor")}</th>
          <th scope="col" data-align="end">
            {t("health.analysed")}
          </th>
          <th scope="col" data-align="end">
            {t("health.leftOut")}
          </th>
          <th scope="col">{t("health.reason")}</th>
        </>
      }
    >
      {analysis.map((one) => (
        <tr key={one.camera_id}>
          <td data-cell="title">{cameras?.find((camera) => camera.id === one.camera_id)?.name ?? one.camera_id}</td>
          <td data-label={t("health.state")}>
            <Badge tone={hasCaveat(one) && one.state === "analysing" ? "warn" : ANALYSIS_TONES[one.state]}>
              {t(`health.analysisStates.${one.state}`)}
            </Badge>
          </td>
          <td data-label={t("health.lookedFor")}>{words.any("health.detectors", one.detector)}</td>
          <td data-label={t("health.analysed")} data-align="end" className={styles["number"]}>
            {t("health.analysedOf", {
              fps: formatNumber(one.fps, i18n.language, 1),
              asked: formatNumber(one.asked_fps, i18n.language, 1),
            })}
          </td>
          <td data-label={t("health.leftOut")} data-align="end" className={styles["number"]}>
            {formatNumber(one.thinned + one.dropped, i18n.language)}
          </td>
          <td data-label={t("health.reason")}>
            <div>
              {i18n.exists(`health.analysisReasons.${one.code}`)
                ? words.any("health.analysisReasons", one.code)
                : say(one.code).reason || one.reason || (one.categories_left_out.length > 0 ? null : "–")}
              {one.categories_left_out.map(({ name, code, reason }) => (
                <p key={name}>{t("health.setLeftOut", { name, reason: explain(code, reason) })}</p>
              ))}
            </div>
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function DetectorWords({ detector }: { detector: NonNullable<System["detector"]> }) {
  const { t, i18n } = useTranslation();
  const number = (value: number, digits = 0) => formatNumber(value, i18n.language, digits);
  const { cost_ms, asked_ms, room_ms, streams, possible_streams } = detector;
  return (
    <p className="muted">
      {detector.detector ? <strong>{`${detector.detector}. `}</strong> : null}
      {t(`health.detectorWhy.${detector.why}`)}
      {detector.problem ? ` ${detector.problem}.` : null}
      {cost_ms !== null && asked_ms !== null && room_ms !== null
        ? ` ${t("health.detectorCost", { cost: number(cost_ms, 1), asked: number(asked_ms), room: number(room_ms) })}`
        : null}
      {streams !== null && possible_streams !== null
        ? ` ${t("health.detectorStreams", { streams: number(streams), possible: number(possible_streams) })}`
        : null}
    </p>
  );
}
