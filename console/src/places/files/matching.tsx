// Which lists a file is matched with. Whoever looks for faces says why: it is written down.

import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import type { Watchlist } from "../../api/types";
import { useWatchlists } from "../../api/watchlists";
import { TextField } from "../../parts/field";
import styles from "./files.module.css";

export interface Matching {
  lists: readonly string[];
  purpose: string;
}

interface MatchingFieldsProps {
  value: Matching;
  onChange: (matching: Matching) => void;
}

/** Whether a purpose has to be given with these lists. Pure. */
export function needsPurpose(chosen: readonly string[], lists: readonly Pick<Watchlist, "id" | "subject">[]): boolean {
  return lists.some((list) => list.subject === "faces" && chosen.includes(list.id));
}

export function MatchingFields(props: MatchingFieldsProps) {
  const may = useMay();
  return may("watchlist.view") ? <ListChoice {...props} /> : null;
}

function ListChoice({ value, onChange }: MatchingFieldsProps) {
  const { t } = useTranslation();
  const lists = (useWatchlists().data ?? []).filter((list) => list.enabled);
  if (lists.length === 0) return null;
  const toggle = (id: string) => {
    const others = value.lists.filter((each) => each !== id);
    onChange({ ...value, lists: others.length < value.lists.length ? others : [...others, id] });
  };
  return (
    <>
      <fieldset className={styles["classes"]}>
        <legend className={styles["legend"]}>{t("files.matchWith")}</legend>
        {lists.map((list) => (
          <label key={list.id}>
            <input type="checkbox" checked={value.lists.includes(list.id)} onChange={() => toggle(list.id)} />
            {list.name}
          </label>
        ))}
      </fieldset>
      {needsPurpose(value.lists, lists) ? (
        <TextField
          label={t("files.purpose")}
          hint={t("files.purposeHint")}
          value={value.purpose}
          isRequired
          onChange={(purpose) => onChange({ ...value, purpose })}
        />
      ) : null}
    </>
  );
}
