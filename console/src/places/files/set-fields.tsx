// Which of the operator's own sets of categories are told of a file.

import { useTranslation } from "react-i18next";
import { useKeptSets } from "../../api/kept-sets";
import { useAttributeWords } from "../../parts/attribute-words";
import { switchSet } from "../../parts/set-choice";
import styles from "./files.module.css";

interface SetFieldsProps {
  value: readonly string[];
  onChange: (names: string[]) => void;
}

export function SetFields({ value, onChange }: SetFieldsProps) {
  const { t } = useTranslation();
  const words = useAttributeWords();
  const kept = useKeptSets().data ?? [];
  if (kept.length === 0) return null;
  return (
    <fieldset className={styles["classes"]}>
      <legend className={styles["legend"]}>{t("keptSets.title")}</legend>
      {kept.map(({ name, about, categories }) => (
        <label key={name} title={categories.join(", ")}>
          <input
            type="checkbox"
            checked={value.includes(name)}
            onChange={(event) => onChange(switchSet(value, name, event.target.checked))}
          />
          {t("keptSets.named", { name, about: words.about(about) })}
        </label>
      ))}
    </fieldset>
  );
}
