// Which camera took a file and when it begins, where somebody knows: then traces judge whether a way to and from it can be.

import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import { useCameras } from "../../api/queries";
import { readWhen } from "../../lib/when";
import { SelectField, TextField } from "../../parts/field";
import styles from "./files.module.css";

export interface Origin {
  camera: string;
  start: string;
}

/** As it is sent: a time that means none is left out. Pure but for the clock. */
export function readOrigin({ camera, start }: Origin, now = new Date()): Origin {
  return { camera, start: start ? (readWhen(start, now)?.toISOString() ?? "") : "" };
}

const NOBODY_KNOWS = "unknown";

interface OriginFieldsProps {
  value: Origin;
  onChange: (origin: Origin) => void;
}

export function OriginFields({ value, onChange }: OriginFieldsProps) {
  const { t } = useTranslation();
  const may = useMay();
  const { data: cameras = [] } = useCameras(may("camera.view"));
  const isWrong = value.start !== "" && !readWhen(value.start, new Date());
  return (
    <details>
      <summary>{t("files.origin")}</summary>
      <div className={styles["options"]}>
        <SelectField
          label={t("search.camera")}
          value={value.camera || NOBODY_KNOWS}
          options={[
            { id: NOBODY_KNOWS, label: t("files.noCamera") },
            ...cameras.map(({ id, name }) => ({ id, label: name })),
          ]}
          onChange={(id) => onChange({ ...value, camera: id === NOBODY_KNOWS ? "" : id })}
        />
        <TextField
          label={t("files.start")}
          value={value.start}
          placeholder="20/11 14:05"
          error={isWrong ? t("review.whenWrong") : undefined}
          onChange={(start) => onChange({ ...value, start })}
        />
      </div>
    </details>
  );
}
