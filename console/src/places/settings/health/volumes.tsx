// The volumes: how full they are and how long they last.

import { useTranslation } from "react-i18next";
import type { System } from "../../../api/types";
import { formatBytes, formatMoment, formatNumber } from "../../../lib/format";
import { Badge } from "../../../parts/misc";
import { useWords } from "../../../parts/words";
import { Fact } from "./fact";
import styles from "./health.module.css";

export function Volumes({ volumes, nowMs }: { volumes: System["volumes"]; nowMs: number }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const daysWords = (days: number | null) => {
    if (days === null) return t("health.early");
    return days <= 0 ? t("health.ring") : t("health.daysLeftValue", { count: Math.max(1, Math.round(days)) });
  };
  return (
    <div className={styles["volumes"]}>
      {volumes.map((volume) => {
        const days = volume.days_left;
        const share = volume.size_bytes > 0 ? volume.used_bytes / volume.size_bytes : 0;
        const others = volume.size_bytes > 0 ? 1 - volume.free_bytes / volume.size_bytes - share : 0;
        return (
          <article key={volume.id} className={styles["volume"]}>
            <header>
              <strong className="truncate" title={volume.path}>
                {volume.path}
              </strong>
              <Badge tone={volume.state === "writable" ? "good" : "bad"}>
                {words.any("health.volumeStates", volume.state)}
              </Badge>
            </header>
            {volume.reason ? <p className="muted">{volume.reason}</p> : null}
            <div
              className={styles["meter"]}
              role="img"
              aria-label={t("health.capacity", {
                free: formatBytes(volume.free_bytes, i18n.language),
                size: formatBytes(volume.size_bytes, i18n.language),
              })}
            >
              <span className={styles["used"]} style={{ width: `${share * 100}%` }} />
              <span className={styles["others"]} style={{ width: `${Math.max(0, others) * 100}%` }} />
            </div>
            <dl className={styles["facts"]}>
              <Fact name={t("health.used")}>{formatBytes(volume.used_bytes, i18n.language)}</Fact>
              <Fact name={t("health.free")}>
                {t("health.capacity", {
                  free: formatBytes(volume.free_bytes, i18n.language),
                  size: formatBytes(volume.size_bytes, i18n.language),
                })}
              </Fact>
              <Fact name={t("health.oldest")}>
                {volume.oldest_at ? formatMoment(Date.parse(volume.oldest_at), nowMs, i18n.language) : "–"}
              </Fact>
              <Fact name={t("health.daysLeft")}>{daysWords(days)}</Fact>
              <Fact name={t("health.longestCommit")}>
                {`${formatNumber(volume.longest_commit_s * 1000, i18n.language)} ms`}
              </Fact>
              {volume.max_bytes > 0 ? (
                <Fact name={t("health.limit")}>{formatBytes(volume.max_bytes, i18n.language)}</Fact>
              ) : null}
            </dl>
          </article>
        );
      })}
    </div>
  );
}
