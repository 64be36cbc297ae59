// The machine.

import { useTranslation } from "react-i18next";
import type { System } from "../../../api/types";
import { formatBytes, formatDuration, formatNumber } from "../../../lib/format";
import { Fact } from "./fact";
import styles from "./health.module.css";

export function Machine({ machine }: { machine: System["machine"] }) {
  const { t, i18n } = useTranslation();
  return (
    <dl className={styles["facts"]}>
      <Fact name={t("health.system")}>{`${machine.host} · ${machine.system} · Python ${machine.python}`}</Fact>
      <Fact name={t("health.load")}>
        {`${formatNumber(machine.load_1m, i18n.language, 2)} / ${t("health.cores", { count: machine.cpu_count })}`}
      </Fact>
      <Fact name={t("health.memory")}>
        {t("health.memoryValue", {
          free: formatBytes(machine.memory_available_bytes, i18n.language),
          total: formatBytes(machine.memory_total_bytes, i18n.language),
        })}
      </Fact>
      <Fact name={t("health.uptime")}>{formatDuration(machine.uptime_s * 1000)}</Fact>
    </dl>
  );
}
