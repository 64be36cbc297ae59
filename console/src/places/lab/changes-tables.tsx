// How accuracy falls when the judged pictures are shifted, scaled or turned: one small table a way.

import { useTranslation } from "react-i18next";
import { formatNumber } from "../../lib/format";
import styles from "./lab.module.css";
import { amountOf, byWay, type Way } from "./stability";

interface Step {
  way: Way;
  by: number;
  accuracy: number;
}

/** `asIs`: of the same pictures unchanged. Nothing where nothing was measured. */
export function ChangesTables({ steps, asIs, lead }: { steps: Step[]; asIs: number | null; lead: string }) {
  const { t } = useTranslation();
  if (steps.length === 0) return null;
  return (
    <>
      <h3>{t("lab.measured.changes")}</h3>
      <p className="muted">{lead}</p>
      <div className={styles["ways"]}>
        {byWay(steps).map(({ way, steps: own }) => (
          <WayTable key={way} way={way} steps={own} asIs={asIs} />
        ))}
      </div>
    </>
  );
}

interface WayProps {
  way: Way;
  steps: Step[];
  asIs: number | null;
}

/** The unchanged picture stands where it belongs: before the first step, and among sizes at 100 %. */
function WayTable({ way, steps, asIs }: WayProps) {
  const { t, i18n } = useTranslation();
  const whole = way === "scale" ? 1 : 0;
  const rows = [...steps, ...(asIs === null ? [] : [{ way, by: whole, accuracy: asIs }])].sort((a, b) => a.by - b.by);
  return (
    <table className={styles["way"]}>
      <caption>{t(`lab.ways.${way}`)}</caption>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">{t("lab.measured.change")}</th>
          <th scope="col">{t("lab.own.columns.accuracy")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ by, accuracy }) => (
          <tr key={by}>
            <th scope="row">
              {by === whole ? t("lab.stability.asIs") : t(`lab.steps.${way}`, { amount: amountOf(way, by) })}
            </th>
            <td>
              <meter min={0} max={1} value={accuracy} aria-hidden />
              <span className={styles["percent"]}>{formatNumber(100 * accuracy, i18n.language, 1)} %</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
