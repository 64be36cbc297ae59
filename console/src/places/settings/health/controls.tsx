// What protects the system, and whether it holds.

import { useTranslation } from "react-i18next";
import type { System } from "../../../api/types";
import { Badge, Table, type Tone } from "../../../parts/misc";
import { useWords } from "../../../parts/words";
import styles from "./health.module.css";

const CONTROL_TONES: Record<System["controls"][number]["state"], Tone> = {
  holds: "good",
  weakened: "warn",
  absent: "bad",
  unknown: "neutral",
};

export function Controls({ controls }: { controls: System["controls"] }) {
  const { t } = useTranslation();
  const words = useWords();
  if (controls.length === 0) return <p className="muted">–</p>;
  return (
    <Table
      label={t("health.controls")}
      head={
        <>
          <th scope="col">{t("health.control")}</th>
          <th scope="col">{t("health.state")}</th>
          <th scope="col">{t("health.layers")}</th>
          <th scope="col">{t("health.detail")}</th>
        </>
      }
    >
      {controls.map((control) => (
        <tr key={control.name}>
          <td data-cell="title">{words.any("health.controlNames", control.name)}</td>
          <td data-label={t("health.state")}>
            <Badge tone={CONTROL_TONES[control.state]}>{t(`health.controlStates.${control.state}`)}</Badge>
          </td>
          <td data-label={t("health.layers")}>
            <span className={styles["layers"]}>
              {Object.entries(control.layers).map(([layer, holds]) => (
                <Badge key={layer} tone={holds ? "good" : "bad"}>
                  {words.any("health.layerNames", layer)}
                </Badge>
              ))}
              {Object.keys(control.layers).length === 0 ? "–" : null}
            </span>
          </td>
          <td data-label={t("health.detail")}>{control.detail || "–"}</td>
        </tr>
      ))}
    </Table>
  );
}
