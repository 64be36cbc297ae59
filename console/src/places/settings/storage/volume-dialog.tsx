// Adding a volume, or changing its limits. Its name and place stay: footage on it is found by them.

import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../../../api/problem";
import { useSaveVolume } from "../../../api/storage";
import type { Volume } from "../../../api/types";
import { Button } from "../../../parts/button";
import { Dialog } from "../../../parts/dialog";
import { TextField } from "../../../parts/field";
import { ProblemNote } from "../../../parts/problem-note";
import styles from "./storage.module.css";
import { readBytes, writeBytes } from "./volume-facts";

const DEFAULT_RESERVE_BYTES = 1 << 30;

export function VolumeDialog({ volume, onClose }: { volume: Volume | null; onClose: () => void }) {
  const { t } = useTranslation();
  const { add, change } = useSaveVolume();
  const [name, setName] = useState(volume?.name ?? "");
  const [path, setPath] = useState(volume?.path ?? "");
  const [limit, setLimit] = useState(writeBytes(volume?.max_bytes ?? 0));
  const [reserve, setReserve] = useState(writeBytes(volume?.reserve_bytes ?? DEFAULT_RESERVE_BYTES));
  const maxBytes = readBytes(limit);
  const reserveBytes = readBytes(reserve);
  const error = add.error ?? change.error;
  const isReady = name.trim() !== "" && path.trim() !== "" && maxBytes !== null && reserveBytes !== null;
  const isBusy = add.isPending || change.isPending;
  const save = (event?: FormEvent) => {
    event?.preventDefault();
    if (!isReady) return;
    const limits = { max_bytes: maxBytes, reserve_bytes: reserveBytes };
    if (volume) change.mutate({ name: volume.name, body: limits }, { onSuccess: onClose });
    else add.mutate({ name: name.trim(), path: path.trim(), ...limits }, { onSuccess: onClose });
  };
  const fieldError = (field: string) => (error instanceof Problem ? error.fieldError(field) : undefined);
  return (
    <Dialog
      title={volume ? t("storage.editTitle", { name: volume.name }) : t("storage.addTitle")}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button look="primary" onPress={() => save()} isDisabled={!isReady || isBusy}>
            {isBusy ? t("common.saving") : t("common.save")}
          </Button>
        </>
      }
    >
      <form className={styles["form"]} onSubmit={save}>
        {volume ? null : (
          <>
            <TextField
              label={t("storage.name")}
              hint={t("storage.nameHint")}
              value={name}
              onChange={setName}
              error={fieldError("name")}
              maxLength={64}
              isRequired
            />
            <TextField
              label={t("storage.path")}
              hint={t("storage.pathHint")}
              value={path}
              onChange={setPath}
              error={fieldError("path")}
              isRequired
            />
          </>
        )}
        <TextField
          label={t("storage.limit")}
          hint={t("storage.limitHint")}
          value={limit}
          onChange={setLimit}
          error={maxBytes === null ? t("storage.sizeWrong") : fieldError("max_bytes")}
        />
        <TextField
          label={t("storage.reserve")}
          hint={t("storage.reserveHint")}
          value={reserve}
          onChange={setReserve}
          error={reserveBytes === null ? t("storage.sizeWrong") : fieldError("reserve_bytes")}
        />
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
      {error ? <ProblemNote error={error} what={t("storage.saveFailed")} /> : null}
    </Dialog>
  );
}
