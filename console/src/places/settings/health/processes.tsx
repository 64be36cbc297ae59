// The processes of the node.

import { useTranslation } from "react-i18next";
import type { System } from "../../../api/types";
import { formatMoment } from "../../../lib/format";
import { Badge, Table, type Tone } from "../../../parts/misc";
import { useWords } from "../../../parts/words";

const PROCESS_TONES: Record<string, Tone> = {
  running: "good",
  starting: "neutral",
  stopped: "bad",
  unavailable: "bad",
};

export function Processes({ processes }: { processes: System["processes"] }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  return (
    <Table
      label={t("health.roles")}
      head={
        <>
          <th scope="col">{t("health.role")}</th>
          <th scope="col">{t("health.state")}</th>
          <th scope="col">{t("health.since")}</th>
          <th scope="col" data-align="end">
            {t("health.restarts")}
          </th>
          <th scope="col" data-align="end">
            {t("health.pid")}
          </th>
          <th scope="col">{t("health.reason")}</th>
        </>
      }
    >
      {processes.map((process) => (
        <tr key={process.role}>
          <td data-cell="title">{words.any("health.roleNames", process.role)}</td>
          <td data-label={t("health.state")}>
            <Badge tone={PROCESS_TONES[process.state] ?? "neutral"}>{words.any("health.states", process.state)}</Badge>
          </td>
          <td data-label={t("health.since")}>
            {process.since ? formatMoment(Date.parse(process.since), Date.now(), i18n.language) : "–"}
          </td>
          <td data-label={t("health.restarts")} data-align="end">
            {process.restarts}
          </td>
          <td data-label={t("health.pid")} data-align="end">
            {process.pid ?? "–"}
          </td>
          <td data-label={t("health.reason")}>{process.reason || "–"}</td>
        </tr>
      ))}
    </Table>
  );
}
