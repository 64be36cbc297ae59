// The models, what was measured of them, and what is wrong with own ones.

import { useTranslation } from "react-i18next";
import { useModelFaults, useModels } from "../../../api/queries";
import { Badge, Table, TableSkeleton, type Tone } from "../../../parts/misc";
import { ProblemNote } from "../../../parts/problem-note";
import { useWords } from "../../../parts/words";
import styles from "./health.module.css";

/** A classifier's figures under shift, scale and turn: Lab shows them as a table. */
const OF_CHANGED = /^accuracy_(shift|scale|turn)_/;

const MODEL_TONES: Record<string, Tone> = { installed: "good", refused: "bad" };

export function Models() {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const { data, error } = useModels();
  if (error) return <ProblemNote error={error} />;
  if (!data) return <TableSkeleton rows={1} />;
  if (data.length === 0) return <p className="muted">{t("health.noModels")}</p>;
  return (
    <Table
      label={t("health.models")}
      head={
        <>
          <th scope="col">{t("health.model")}</th>
          <th scope="col">{t("health.task")}</th>
          <th scope="col">{t("health.state")}</th>
          <th scope="col">{t("health.figures")}</th>
          <th scope="col">{t("health.licence")}</th>
        </>
      }
    >
      {data.map((model) => (
        <tr key={model.name}>
          <td data-cell="title">
            {model.name} <span className="muted">{model.release}</span>
          </td>
          <td data-label={t("health.task")}>{words.any("health.tasks", model.task)}</td>
          <td data-label={t("health.state")}>
            <span className={styles["state"]}>
              <Badge tone={MODEL_TONES[model.state] ?? "neutral"}>{words.any("health.modelStates", model.state)}</Badge>
              {model.reason ? <span className="muted">{model.reason}</span> : null}
            </span>
          </td>
          <td data-label={t("health.figures")}>
            {model.figures
              .filter(({ name }) => !OF_CHANGED.test(name))
              .map((one) => `${one.name} ${one.value.toLocaleString(i18n.language, { maximumSignificantDigits: 3 })}`)
              .join(" · ") || "–"}
          </td>
          <td data-label={t("health.licence")}>{model.licence}</td>
        </tr>
      ))}
    </Table>
  );
}

/** What the operator could add, and what is wrong with what he added. */
export function OwnModels() {
  const { t } = useTranslation();
  const { data: models = [], isSuccess } = useModels();
  const { data: faults = [] } = useModelFaults();
  const tellsMakes = models.some(({ task, state }) => task === "vehicle_make" && state === "installed");
  return (
    <>
      {faults.map(({ file, reason }) => (
        <p key={file}>
          <Badge tone="bad">{t("health.modelStates.refused")}</Badge> {file}: {reason}
        </p>
      ))}
      {isSuccess && !tellsMakes ? <p className="muted">{t("absent.make")}</p> : null}
    </>
  );
}
