// Which of the operator's own sets of categories are told: a switch each, with what it is about and its words.

import { useTranslation } from "react-i18next";
import { useKeptSets } from "../api/kept-sets";
import { useAttributeWords } from "./attribute-words";
import { SwitchField } from "./field";
import styles from "./set-choice.module.css";

/** The list with one name put in or taken out. Pure. */
export const switchSet = (list: readonly string[], name: string, isOn: boolean): string[] => [
  ...list.filter((one) => one !== name),
  ...(isOn ? [name] : []),
];

interface SetChoiceProps {
  value: readonly string[];
  onChange: (names: string[]) => void;
  isDisabled?: boolean;
  error?: string | undefined;
}

/** Nothing where no set is kept and none is named. One that is named and was deleted can be switched off. */
export function SetChoice({ value, onChange, isDisabled = false, error }: SetChoiceProps) {
  const { t } = useTranslation();
  const words = useAttributeWords();
  const { data: kept } = useKeptSets();
  if (!kept) return null;
  const gone = value.filter((name) => !kept.some((one) => one.name === name));
  if (kept.length + gone.length === 0) return null;
  return (
    <fieldset className={styles["choice"]} disabled={isDisabled}>
      <legend>{t("keptSets.title")}</legend>
      {kept.map(({ name, about, categories }) => (
        <div key={name}>
          <SwitchField
            label={t("keptSets.named", { name, about: words.about(about) })}
            isSelected={value.includes(name)}
            onChange={(isOn) => onChange(switchSet(value, name, isOn))}
          />
          <p className={styles["words"]}>{categories.join(", ")}</p>
        </div>
      ))}
      {gone.map((name) => (
        <SwitchField
          key={name}
          label={t("keptSets.gone", { name })}
          isSelected
          onChange={() => onChange(switchSet(value, name, false))}
        />
      ))}
      {error ? <p className={styles["error"]}>{error}</p> : null}
    </fieldset>
  );
}
