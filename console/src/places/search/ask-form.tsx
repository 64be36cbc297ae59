// The question: words or a plate, chips of attributes, cameras and time. What the words were taken for is shown under them.

import { Search, X } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import { useCameras } from "../../api/queries";
import type { SearchWords } from "../../api/types";
import { readWhen } from "../../lib/when";
import { AbsentAttributes } from "../../parts/absent-attributes";
import { useAttributeWords } from "../../parts/attribute-words";
import { Button } from "../../parts/button";
import { SelectField, TextField } from "../../parts/field";
import { useWords } from "../../parts/words";
import styles from "./search.module.css";
import {
  type Attributes,
  type Choice,
  listAttributes,
  readAttributes,
  readSource,
  type SearchAddress,
  SOURCES,
  toggleAttribute,
  type Understood,
  writeAttributes,
} from "./state";

interface AskFormProps {
  address: SearchAddress;
  understood: Understood;
  words: SearchWords | undefined;
  onAsk: (change: Partial<SearchAddress>) => void;
  children: ReactNode;
}

const ALL = "all";

export function AskForm({ address, understood, words, onAsk, children }: AskFormProps) {
  const { t } = useTranslation();
  const may = useMay();
  const [text, setText] = useState(address.q ?? "");
  const [from, setFrom] = useState(address.from ?? "");
  const [to, setTo] = useState(address.to ?? "");
  useEffect(() => setText(address.q ?? ""), [address.q]);
  const { data: cameras = [] } = useCameras(may("camera.view"));
  const ask = (change: Partial<SearchAddress> = {}) =>
    onAsk({ q: text, from, to, like: undefined, by: undefined, object: undefined, trace: undefined, ...change });
  const wrong = (when: string) => (when && !readWhen(when, new Date()) ? t("review.whenWrong") : undefined);
  return (
    <search>
      <form
        className={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <div className={styles["boxRow"]}>
          <Search size={18} aria-hidden />
          <input
            id="search-box"
            className={styles["box"]}
            type="search"
            value={text}
            onChange={(event) => setText(event.target.value)}
            aria-label={t("search.box")}
            placeholder={t("search.placeholder")}
            maxLength={200}
            spellCheck={false}
          />
          <Button type="submit" look="primary">
            {t("search.go")}
          </Button>
        </div>
        <Meaning understood={understood} />
        <div className={styles["terms"]}>
          {may("file.analyze") ? (
            <SelectField
              label={t("search.source")}
              value={readSource(address.source)}
              options={SOURCES.map((id) => ({ id, label: t(`search.sources.${id}`) }))}
              onChange={(id) => ask({ source: id === "cameras" ? undefined : id })}
            />
          ) : null}
          <SelectField
            label={t("search.camera")}
            value={address.cameras ?? ALL}
            options={[
              { id: ALL, label: t("search.allCameras") },
              ...cameras.map(({ id, name }) => ({ id, label: name })),
            ]}
            onChange={(id) => ask({ cameras: id === ALL ? undefined : id })}
          />
          <TextField label={t("review.from")} value={from} onChange={setFrom} placeholder="-1h" error={wrong(from)} />
          <TextField label={t("review.to")} value={to} onChange={setTo} placeholder="-5m" error={wrong(to)} />
          {children}
        </div>
        {words ? <AttributeChoice address={address} words={words} onAsk={ask} /> : null}
        {address.like ? (
          <p className={styles["note"]}>
            {t("search.likeOne")}{" "}
            <Button small onPress={() => ask()}>
              <X size={13} aria-hidden />
              {t("search.clear")}
            </Button>
          </p>
        ) : null}
      </form>
    </search>
  );
}

/** What the words were taken for, so that nobody wonders about an answer. */
function Meaning({ understood }: { understood: Understood }) {
  const { t } = useTranslation();
  const words = useWords();
  const attributes = useAttributeWords();
  const said = [
    ...(understood.plate ? [`${t("alarms.plate")} ${understood.plate}`] : []),
    ...understood.classes.map((one) => words.objectClass(one)),
    ...Object.entries(understood.attributes).map(
      ([name, values]) =>
        `${attributes.name(name)}: ${values.map((value) => attributes.value(name, value)).join(", ")}`,
    ),
  ];
  if (said.length === 0 && understood.unknown.length === 0) return null;
  return (
    <p className={styles["meaning"]} role="status">
      {said.join(" · ")}
      {understood.unknown.length > 0 ? (
        <span className={styles["unknown"]}>{t("search.unknown", { words: understood.unknown.join(", ") })}</span>
      ) : null}
    </p>
  );
}

interface AttributesProps {
  address: SearchAddress;
  words: SearchWords;
  onAsk: (change: Partial<SearchAddress>) => void;
}

function AttributeChoice({ address, words, onAsk }: AttributesProps) {
  const { t } = useTranslation();
  const chosen = readAttributes(address.attributes);
  const { fixed, own } = listAttributes(words, chosen);
  const countOf = (choices: readonly Choice[]) => choices.filter(({ attribute }) => attribute in chosen).length;
  const count = countOf(fixed);
  const ownCount = countOf(own);
  const shared = { chosen, onToggle: (attributes: Attributes) => onAsk({ attributes: writeAttributes(attributes) }) };
  return (
    <>
      {own.length > 0 ? (
        <Chips
          {...shared}
          choices={own}
          isOpen={ownCount > 0}
          title={ownCount > 0 ? t("keptSets.chosen", { count: ownCount }) : t("keptSets.title")}
        />
      ) : null}
      <Chips
        {...shared}
        choices={fixed}
        isOpen={count > 0}
        title={count > 0 ? t("search.attributesChosen", { count }) : t("search.attributes")}
      >
        <AbsentAttributes absent={words.absent} />
      </Chips>
    </>
  );
}

interface ChipsProps {
  title: string;
  isOpen: boolean;
  choices: readonly Choice[];
  chosen: Attributes;
  onToggle: (attributes: Attributes) => void;
  children?: ReactNode;
}

/** Chips of one attribute; a model of makes may know thousands: the others are written into the box. */
const MOST_CHIPS = 60;

function Chips({ title, isOpen, choices, chosen, onToggle, children }: ChipsProps) {
  const { t } = useTranslation();
  const name = useAttributeWords();
  return (
    <details className={styles["chips"]} open={isOpen}>
      <summary>{title}</summary>
      {choices.map(({ attribute, about, values }) => (
        <fieldset key={attribute}>
          <legend>
            {about ? t("keptSets.named", { name: attribute, about: name.about(about) }) : name.name(attribute)}
          </legend>
          {values
            .filter((value, at) => at < MOST_CHIPS || chosen[attribute]?.includes(value))
            .map((value) => (
              <button
                key={value}
                type="button"
                className={styles["chip"]}
                aria-pressed={chosen[attribute]?.includes(value) ?? false}
                onClick={() => onToggle(toggleAttribute(chosen, attribute, value))}
              >
                {name.value(attribute, value)}
              </button>
            ))}
          {values.length > MOST_CHIPS ? <p className="muted">{t("search.moreValues")}</p> : null}
        </fieldset>
      ))}
      {children}
    </details>
  );
}
