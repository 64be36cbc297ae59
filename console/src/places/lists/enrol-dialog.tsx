// Enrols a person: one to five pictures, and the ground on which he may be recognised. Nobody is enrolled without one.

import { ImagePlus, X } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSavePeople } from "../../api/people";
import { Problem } from "../../api/problem";
import { type ReadyPicture, readyPicture } from "../../lib/picture";
import { Button, IconButton } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { SelectField, SwitchField, TextField } from "../../parts/field";
import { ProblemNote } from "../../parts/problem-note";
import { useWords } from "../../parts/words";
import { type EnrolForm, emptyForm, enrolBody, isComplete, PICTURES_AT_MOST, pictureFaults } from "./enrol-form";
import styles from "./people.module.css";

const today = (): string => new Date().toLocaleDateString("sv-SE"); // the local day as 2026-11-28

export function EnrolDialog({ listId, listName, onClose }: { listId: string; listName: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState<EnrolForm>(() => emptyForm(today()));
  const [pictures, setPictures] = useState<readonly ReadyPicture[]>([]);
  const { enrol } = useSavePeople(listId);
  const set = (change: Partial<EnrolForm>) => setForm({ ...form, ...change });
  const error = enrol.error instanceof Problem ? enrol.error : null;
  const save = () =>
    enrol.mutate(
      enrolBody(
        form,
        pictures.map((picture) => picture.base64),
      ),
      { onSuccess: onClose },
    );
  return (
    <Dialog
      title={t("people.enrolTitle", { name: listName })}
      onClose={onClose}
      isWide
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button look="primary" onPress={save} isDisabled={!isComplete(form, pictures.length) || enrol.isPending}>
            {enrol.isPending ? t("people.looking") : t("people.enrol")}
          </Button>
        </>
      }
    >
      <p className="muted">{t("people.enrolLead")}</p>
      <Pictures
        pictures={pictures}
        faults={pictureFaults(error?.errors ?? [])}
        onChange={(chosen) => {
          enrol.reset();
          setPictures(chosen);
        }}
      />
      <PersonFields form={form} error={error} onChange={set} isNew />
      {enrol.error ? <ProblemNote error={enrol.error} what={t("people.enrolFailed")} /> : null}
    </Dialog>
  );
}

interface PersonFieldsProps {
  form: EnrolForm;
  error: Problem | null;
  onChange: (change: Partial<EnrolForm>) => void;
  /** Whether pictures are kept is decided when they are given. */
  isNew: boolean;
}

export function PersonFields({ form, error, onChange, isNew }: PersonFieldsProps) {
  const { t } = useTranslation();
  return (
    <div className={styles["fields"]}>
      <TextField
        label={t("people.name")}
        hint={t("people.nameHint")}
        value={form.name}
        onChange={(name) => onChange({ name })}
        error={error?.fieldError("name")}
        maxLength={80}
        isRequired
      />
      <SelectField
        label={t("people.ground")}
        value={form.ground}
        onChange={(ground) => onChange({ ground: ground === "legal" ? "legal" : "consent" })}
        options={[
          { id: "consent", label: t("people.grounds.consent") },
          { id: "legal", label: t("people.grounds.legal") },
        ]}
      />
      <TextField
        label={t(`people.document.${form.ground}`)}
        hint={t("people.documentHint")}
        value={form.document}
        onChange={(document) => onChange({ document })}
        error={error?.fieldError("document")}
        maxLength={200}
        isRequired
      />
      <DayField
        label={t("people.grantedOn")}
        value={form.grantedOn}
        atMost={today()}
        error={error?.fieldError("granted_on")}
        onChange={(grantedOn) => onChange({ grantedOn })}
      />
      <TextField
        label={t("people.reason")}
        value={form.reason}
        onChange={(reason) => onChange({ reason })}
        error={error?.fieldError("reason")}
        maxLength={500}
        isRequired
      />
      <DayField
        label={t("people.until")}
        hint={t("people.untilHint")}
        value={form.until}
        error={error?.fieldError("to")}
        onChange={(until) => onChange({ until })}
      />
      {isNew ? (
        <div className={styles["keep"]}>
          <SwitchField
            label={t("people.keepPictures")}
            isSelected={form.keepPictures}
            onChange={(keepPictures) => onChange({ keepPictures })}
          />
          <p className="muted">{t("people.keepPicturesHint")}</p>
        </div>
      ) : null}
    </div>
  );
}

interface DayFieldProps {
  label: string;
  value: string;
  hint?: string;
  error?: string | undefined;
  atMost?: string;
  onChange: (day: string) => void;
}

function DayField({ label, value, hint, error, atMost, onChange }: DayFieldProps) {
  return (
    <label className={styles["day"]}>
      <span>{label}</span>
      <input type="date" value={value} max={atMost} onChange={(event) => onChange(event.target.value)} />
      {hint ? <small className="muted">{hint}</small> : null}
      {error ? <small className={styles["fault"]}>{error}</small> : null}
    </label>
  );
}

interface PicturesProps {
  pictures: readonly ReadyPicture[];
  faults: ReturnType<typeof pictureFaults>;
  onChange: (pictures: readonly ReadyPicture[]) => void;
}

function Pictures({ pictures, faults, onChange }: PicturesProps) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [unread, setUnread] = useState("");
  const add = async (files: readonly File[]) => {
    const read: ReadyPicture[] = [];
    setUnread("");
    for (const file of files.slice(0, PICTURES_AT_MOST - pictures.length)) {
      await readyPicture(file).then(
        (picture) => read.push(picture),
        () => setUnread(file.name),
      );
    }
    onChange([...pictures, ...read]);
  };
  return (
    <fieldset className={styles["pictures"]}>
      <legend>{t("people.pictures", { count: PICTURES_AT_MOST })}</legend>
      {pictures.map((picture, place) => (
        <Chosen
          // biome-ignore lint/suspicious/noArrayIndexKey: the server's complaints name pictures by their place
          key={place}
          picture={picture}
          fault={faults.get(place)}
          onRemove={() => onChange(pictures.filter((_, other) => other !== place))}
        />
      ))}
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept="image/jpeg,image/png,image/webp,image/bmp"
        aria-label={t("people.addPicture")}
        onChange={(event) => {
          void add([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      {pictures.length < PICTURES_AT_MOST ? (
        <Button onPress={() => input.current?.click()} className={styles["add"]}>
          <ImagePlus size={18} aria-hidden />
          {t("people.addPicture")}
        </Button>
      ) : null}
      {unread ? (
        <p role="alert" className={styles["fault"]}>
          {t("people.unreadable", { name: unread })}
        </p>
      ) : null}
    </fieldset>
  );
}

interface ChosenProps {
  picture: ReadyPicture;
  fault: { code: string; words: string } | undefined;
  onRemove: () => void;
}

function Chosen({ picture, fault, onRemove }: ChosenProps) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const known = fault && i18n.exists(`faceFaults.${fault.code}`) ? words.any("faceFaults", fault.code) : fault?.words;
  return (
    <figure className={styles["chosen"]} data-bad={fault !== undefined}>
      <img src={picture.url} alt={picture.name} />
      <IconButton small label={`${t("common.delete")}: ${picture.name}`} onPress={onRemove}>
        <X size={14} aria-hidden />
      </IconButton>
      {fault ? (
        <figcaption role="alert" className={styles["fault"]}>
          {known}
        </figcaption>
      ) : null}
    </figure>
  );
}
