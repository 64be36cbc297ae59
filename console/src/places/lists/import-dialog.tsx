// Taking over a sheet: all of it or nothing, every fault with its row.

import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../../api/problem";
import type { Watchlist } from "../../api/types";
import { useImportSheet } from "../../api/watchlists";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { SwitchField } from "../../parts/field";
import { ProblemNote } from "../../parts/problem-note";
import styles from "./lists.module.css";

const COLUMNS = "plate,type,colour,from,to,reason,owner,note";
const SHEET_CODE = "invalid_watchlist_sheet";

export function ImportDialog({ list, onClose }: { list: Watchlist; onClose: () => void }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [isWhole, setWhole] = useState(false);
  const sheet = useImportSheet(list.id);
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Dialog
      title={t("lists.importTitle", { name: list.name })}
      onClose={onClose}
      isWide
      actions={
        sheet.data ? (
          <Button look="primary" onPress={onClose}>
            {t("common.close")}
          </Button>
        ) : (
          <>
            <Button onPress={onClose}>{t("common.cancel")}</Button>
            <Button
              look="primary"
              isDisabled={file === null || sheet.isPending}
              onPress={() => file && sheet.mutate({ file, isWhole, timezone })}
            >
              {sheet.isPending ? t("lists.importing") : t("lists.import")}
            </Button>
          </>
        )
      }
    >
      {sheet.data ? (
        <p role="status">{t("lists.imported", { ...sheet.data })}</p>
      ) : (
        <div className={styles["form"]}>
          <p>{t("lists.importLead")}</p>
          <p>
            <code className={styles["columnsLine"]}>{COLUMNS}</code>
          </p>
          <input
            ref={input}
            type="file"
            accept=".csv,text/csv"
            hidden
            aria-label={t("lists.chooseSheet")}
            onChange={(event) => {
              setFile(event.target.files?.[0] ?? null);
              sheet.reset();
              event.target.value = "";
            }}
          />
          <div className={styles["chosen"]}>
            <Button onPress={() => input.current?.click()}>{t("lists.chooseSheet")}</Button>
            <span className="truncate">{file?.name ?? t("lists.noSheet")}</span>
          </div>
          <SwitchField label={t("lists.whole")} isSelected={isWhole} onChange={setWhole} />
        </div>
      )}
      {sheet.error ? <SheetFaults error={sheet.error} /> : null}
    </Dialog>
  );
}

function SheetFaults({ error }: { error: Error }) {
  const { t } = useTranslation();
  if (!(error instanceof Problem) || error.code !== SHEET_CODE)
    return <ProblemNote error={error} what={t("lists.importFailed")} />;
  return (
    <section className={styles["faults"]} role="alert">
      <h3>{t("lists.importFailed")}</h3>
      <ul>
        {error.errors.map((fault) => (
          <li key={`${fault.field}:${fault.message}`}>
            <strong>{placeOf(fault.field, (row) => t("lists.row", { row }))}</strong> {fault.message}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** `rows.12.plate` in words. Pure. */
export function placeOf(field: string, say: (row: string) => string): string {
  const [, row, column] = /^rows\.(\d+)(?:\.(.+))?$/.exec(field) ?? [];
  return row ? [say(row), column].filter(Boolean).join(", ") : field.replace(/^columns\./, "");
}
