// Making a list, or changing what is set of it.

import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import { Problem } from "../../api/problem";
import { useCameras } from "../../api/queries";
import type { Watchlist, WatchlistInput } from "../../api/types";
import { useSaveList } from "../../api/watchlists";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { SelectField, SwitchField, TextField } from "../../parts/field";
import { ProblemNote } from "../../parts/problem-note";
import { listInput, NEW_LIST } from "./form";
import styles from "./lists.module.css";

const KINDS: readonly Watchlist["kind"][] = ["wanted", "permitted", "known"];

const SUBJECTS: readonly Watchlist["subject"][] = ["vehicles", "faces"];

interface DialogProps {
  list: Watchlist | null;
  onClose: () => void;
  onSaved?: (list: Watchlist) => void;
}

export function ListDialog({ list, onClose, onSaved }: DialogProps) {
  const { t } = useTranslation();
  const may = useMay();
  const save = useSaveList();
  const [form, setForm] = useState<WatchlistInput>(() => (list ? listInput(list) : NEW_LIST));
  const [days, setDays] = useState(String(form.retention_days));
  const set = (change: Partial<WatchlistInput>) => setForm((before) => ({ ...before, ...change }));
  const fieldError = (field: string) => (save.error instanceof Problem ? save.error.fieldError(field) : undefined);
  const isReady = form.name.trim() !== "" && form.purpose.trim() !== "" && /^\d{1,4}$/.test(days);
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (!isReady) return;
    const unlisted = form.kind === "permitted" && form.subject !== "faces" && form.alarm_unlisted === true;
    const body = { ...form, retention_days: Number(days), alarm_unlisted: unlisted };
    save.mutate(
      { id: list?.id ?? null, body },
      {
        onSuccess: (saved) => {
          onSaved?.(saved);
          onClose();
        },
      },
    );
  };
  return (
    <Dialog
      title={list ? t("lists.edit", { name: list.name }) : t("lists.add")}
      onClose={onClose}
      isWide
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button look="primary" onPress={() => submit()} isDisabled={!isReady || save.isPending}>
            {save.isPending ? t("common.saving") : t("common.save")}
          </Button>
        </>
      }
    >
      <form className={styles["form"]} onSubmit={submit}>
        <div className={styles["pair"]}>
          <TextField
            label={t("lists.name")}
            value={form.name}
            onChange={(name) => set({ name })}
            error={fieldError("name")}
            maxLength={80}
            autoFocus
          />
          <SelectField
            label={t("lists.kind")}
            value={form.kind}
            onChange={(kind) => set({ kind: kind as Watchlist["kind"] })}
            options={KINDS.map((id) => ({ id, label: t(`lists.kinds.${id}`) }))}
            hint={t(`lists.kindHelp.${form.kind}`)}
          />
        </div>
        {list === null && may("face.enroll") ? (
          <SelectField
            label={t("lists.subject")}
            value={form.subject ?? "vehicles"}
            onChange={(subject) => set({ subject: subject === "faces" ? "faces" : "vehicles" })}
            options={SUBJECTS.map((id) => ({ id, label: t(`lists.subjects.${id}`) }))}
            hint={t("lists.subjectHint")}
          />
        ) : null}
        <TextField
          label={t("lists.purpose")}
          hint={t("lists.purposeHint")}
          value={form.purpose}
          onChange={(purpose) => set({ purpose })}
          error={fieldError("purpose")}
          maxLength={500}
        />
        <div className={styles["pair"]}>
          <TextField
            label={t("lists.owner")}
            hint={t("lists.ownerHint")}
            value={form.owner ?? ""}
            onChange={(owner) => set({ owner })}
            error={fieldError("owner")}
            maxLength={80}
          />
          <TextField
            label={t("lists.retention")}
            hint={t("lists.retentionHint")}
            type="number"
            value={days}
            onChange={setDays}
            error={fieldError("retention_days")}
          />
        </div>
        <SwitchField
          label={t("lists.enabled")}
          isSelected={form.enabled ?? true}
          onChange={(enabled) => set({ enabled })}
        />
        {form.kind === "permitted" && form.subject !== "faces" ? (
          <SwitchField
            label={t("lists.unlisted")}
            isSelected={form.alarm_unlisted ?? false}
            onChange={(alarm_unlisted) => set({ alarm_unlisted })}
          />
        ) : null}
        <CameraChoice chosen={form.cameras ?? []} onChange={(cameras) => set({ cameras })} />
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
      {save.error ? <ProblemNote error={save.error} what={t("lists.saveFailed")} /> : null}
    </Dialog>
  );
}

/** All cameras, or those that are chosen. One that is gone stays chosen: the list must not become one of all. */
function CameraChoice({ chosen, onChange }: { chosen: readonly string[]; onChange: (cameras: string[]) => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { data: cameras } = useCameras(may("camera.view"));
  const [isAll, setAll] = useState(chosen.length === 0);
  const first = cameras?.[0]?.id;
  const toggle = (id: string, isOn: boolean) => {
    const left = isOn ? [...chosen, id] : chosen.filter((camera) => camera !== id);
    if (left.length > 0) onChange(left);
  };
  if (!cameras || first === undefined) return null;
  return (
    <fieldset className={styles["cameras"]}>
      <legend>{t("lists.cameras")}</legend>
      <SwitchField
        label={t("lists.allCameras")}
        isSelected={isAll}
        onChange={(all) => {
          setAll(all);
          onChange(all ? [] : [first]);
        }}
      />
      {isAll ? null : (
        <div className={styles["cameraList"]}>
          {cameras.map((camera) => (
            <SwitchField
              key={camera.id}
              label={camera.name}
              isSelected={chosen.includes(camera.id)}
              onChange={(isOn) => toggle(camera.id, isOn)}
            />
          ))}
        </div>
      )}
    </fieldset>
  );
}
