// Adding an entry, or changing one.

import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../../api/problem";
import type { Watchlist, WatchlistEntry } from "../../api/types";
import { useSaveEntry } from "../../api/watchlists";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { SelectField, TextField } from "../../parts/field";
import { ProblemNote } from "../../parts/problem-note";
import { useWords } from "../../parts/words";
import { COLOURS, EMPTY_ENTRY, type EntryForm, entryForm, entryInput, isEntryReady, TYPES } from "./form";
import styles from "./lists.module.css";

interface DialogProps {
  list: Watchlist;
  entry: WatchlistEntry | null;
  onClose: () => void;
}

export function EntryDialog({ list, entry, onClose }: DialogProps) {
  const { t } = useTranslation();
  const save = useSaveEntry(list.id);
  const [form, setForm] = useState<EntryForm>(() => (entry ? entryForm(entry) : EMPTY_ENTRY));
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (isEntryReady(form)) save.mutate({ id: entry?.id ?? null, body: entryInput(form) }, { onSuccess: onClose });
  };
  return (
    <Dialog
      title={entry ? t("lists.editEntry") : t("lists.addEntryTo", { name: list.name })}
      onClose={onClose}
      isWide
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button look="primary" onPress={() => submit()} isDisabled={!isEntryReady(form) || save.isPending}>
            {save.isPending ? t("common.saving") : t("common.save")}
          </Button>
        </>
      }
    >
      <form className={styles["form"]} onSubmit={submit}>
        <EntryFields
          form={form}
          set={(change) => setForm((before) => ({ ...before, ...change }))}
          errorOf={(field) => (save.error instanceof Problem ? save.error.fieldError(field) : undefined)}
        />
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
      {save.error ? <ProblemNote error={save.error} what={t("lists.saveFailed")} /> : null}
    </Dialog>
  );
}

interface FieldsProps {
  form: EntryForm;
  set: (change: Partial<EntryForm>) => void;
  errorOf: (field: string) => string | undefined;
}

function EntryFields({ form, set, errorOf }: FieldsProps) {
  const { t } = useTranslation();
  const words = useWords();
  const choices = (values: readonly string[]) => [
    { id: "", label: t("lists.any") },
    ...values.map((id) => ({ id, label: words.any("attributeValues", id) })),
  ];
  const text = (field: "reason" | "owner" | "note") => ({
    value: form[field],
    onChange: (value: string) => set({ [field]: value }),
    error: errorOf(field),
  });
  return (
    <>
      <TextField
        label={t("lists.plate")}
        hint={t("lists.plateHint")}
        placeholder="51F-123.45"
        value={form.plate}
        onChange={(plate) => set({ plate })}
        error={errorOf("plate")}
        autoFocus
        autoComplete="off"
        maxLength={40}
      />
      <div className={styles["pair"]}>
        <SelectField
          label={t("lists.type")}
          value={form.type}
          onChange={(type) => set({ type })}
          options={choices(TYPES)}
        />
        <SelectField
          label={t("lists.colour")}
          value={form.colour}
          onChange={(colour) => set({ colour })}
          options={choices(COLOURS)}
        />
      </div>
      <p className={styles["formHint"]}>{t("lists.makeHint")}</p>
      <TextField label={t("lists.reason")} {...text("reason")} maxLength={500} />
      <div className={styles["pair"]}>
        <TextField
          label={t("lists.from")}
          type="datetime-local"
          value={form.from}
          onChange={(from) => set({ from })}
          error={errorOf("from")}
        />
        <TextField
          label={t("lists.to")}
          type="datetime-local"
          value={form.to}
          onChange={(to) => set({ to })}
          error={errorOf("to")}
          hint={t("lists.toHint")}
        />
      </div>
      <div className={styles["pair"]}>
        <TextField label={t("lists.owner")} hint={t("lists.ownerHint")} {...text("owner")} maxLength={80} />
        <TextField label={t("lists.note")} {...text("note")} maxLength={500} />
      </div>
    </>
  );
}
