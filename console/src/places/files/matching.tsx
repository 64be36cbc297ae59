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
  /** By what people in the file are kept to be found again. */
  keep: readonly ("face" | "appearance")[];
}

interface MatchingFieldsProps {
  value: Matching;
  onChange: (matching: Matching) => void;
}

/** Whether a purpose has to be given with these lists. Pure. */
export function needsPurpose(
  { lists: chosen, keep }: Pick<Matching, "lists" | "keep">,
  lists: readonly Pick<Watchlist, "id" | "subject">[],
): boolean {
  return keep.length > 0 || lists.some((list) => list.subject === "faces" && chosen.includes(list.id));
}

export function MatchingFields(props: MatchingFieldsProps) {
  const may = useMay();
  return may("watchlist.view") ? <ListChoice {...props} /> : <Choice {...props} lists={[]} />;
}

function ListChoice(props: MatchingFieldsProps) {
  return <Choice {...props} lists={(useWatchlists().data ?? []).filter((list) => list.enabled)} />;
}

function Choice({ value, onChange, lists }: MatchingFieldsProps & { lists: Watchlist[] }) {
  const { t } = useTranslation();
  const may = useMay();
  const keep = (way: "face" | "appearance", isOn: boolean) =>
    onChange({ ...value, keep: [...value.keep.filter((each) => each !== way), ...(isOn ? [way] : [])] });
  const toggle = (id: string) => {
    const others = value.lists.filter((each) => each !== id);
    onChange({ ...value, lists: others.length < value.lists.length ? others : [...others, id] });
  };
  return (
    <>
      {lists.length > 0 ? (
        <fieldset className={styles["classes"]}>
          <legend className={styles["legend"]}>{t("files.matchWith")}</legend>
          {lists.map((list) => (
            <label key={list.id}>
              <input type="checkbox" checked={value.lists.includes(list.id)} onChange={() => toggle(list.id)} />
              {list.name}
            </label>
          ))}
        </fieldset>
      ) : null}
      {may("biometric.search") ? (
        <fieldset className={styles["classes"]}>
          <legend className={styles["legend"]}>{t("files.keep")}</legend>
          {(["face", "appearance"] as const).map((way) => (
            <label key={way}>
              <input
                type="checkbox"
                checked={value.keep.includes(way)}
                onChange={(event) => keep(way, event.target.checked)}
              />
              {t(`search.ways.${way}`)}
            </label>
          ))}
        </fieldset>
      ) : null}
      {needsPurpose(value, lists) ? (
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
