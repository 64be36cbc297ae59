// What is looked for in a file, and how closely: the same fields before the upload and while the job runs.

import { useTranslation } from "react-i18next";
import { SelectField } from "../../parts/field";
import styles from "./files.module.css";

export const CLASSES = ["person", "vehicle", "two_wheeler"] as const;
export const RATES = [0, 1, 2, 5, 10, 15] as const;

export interface Terms {
  classes: readonly string[];
  fps: number;
}

interface TermsFieldsProps {
  value: Terms;
  onChange: (terms: Terms) => void;
}

export function TermsFields({ value, onChange }: TermsFieldsProps) {
  const { t } = useTranslation();
  const wanted = (name: string) => value.classes.length === 0 || value.classes.includes(name);
  const toggle = (name: string) => {
    const left = CLASSES.filter((each) => (each === name ? !wanted(each) : wanted(each)));
    onChange({ ...value, classes: left.length === 0 || left.length === CLASSES.length ? [] : left });
  };
  const rates = [...new Set([...RATES, value.fps])].sort((one, two) => one - two);
  return (
    <div className={styles["terms"]}>
      <fieldset className={styles["classes"]}>
        <legend className="visually-hidden">{t("files.lookFor")}</legend>
        {CLASSES.map((name) => (
          <label key={name}>
            <input type="checkbox" checked={wanted(name)} onChange={() => toggle(name)} />
            {t(`classes.${name}`)}
          </label>
        ))}
      </fieldset>
      <SelectField
        label={t("files.rate")}
        hidesLabel
        value={String(value.fps)}
        options={rates.map((fps) => ({
          id: String(fps),
          label: fps === 0 ? t("files.everyPicture") : t("files.perSecond", { count: fps }),
        }))}
        onChange={(fps) => onChange({ ...value, fps: Number(fps) })}
      />
    </div>
  );
}
