// One list: what it is for, what may be done with it, and its entries.

import { ArrowLeft, Download, FileUp, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import type { Watchlist, WatchlistEntry } from "../../api/types";
import { sheetUrl, useEntries, useRemoveEntry, useRemoveList } from "../../api/watchlists";
import { formatDate } from "../../lib/format";
import { Button, buttonClass, IconButton } from "../../parts/button";
import { ConfirmDialog } from "../../parts/dialog";
import { Badge, Empty, Table, TableSkeleton, type Tone } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { useWords } from "../../parts/words";
import { EntryDialog } from "./entry-dialog";
import { type Validity, validityOf } from "./form";
import { ImportDialog } from "./import-dialog";
import { ListDialog } from "./list-dialog";
import styles from "./lists.module.css";
import { SearchField } from "./search-field";

const TONES: Record<Validity, Tone> = { valid: "good", coming: "info", ended: "neutral" };

interface EntriesProps {
  list: Watchlist;
  search: string;
  onSearch: (words: string) => void;
  onBack: () => void;
}

export function Entries({ list, search, onSearch, onBack }: EntriesProps) {
  const { t } = useTranslation();
  const mayChange = useMay()("watchlist.manage");
  const entries = useEntries(list.id, search);
  const [editing, setEditing] = useState<WatchlistEntry | "new" | null>(null);
  const [deleting, setDeleting] = useState<WatchlistEntry | null>(null);
  const remove = useRemoveEntry(list.id);
  const items = entries.data?.pages.flatMap((page) => page.items);
  const total = entries.data?.pages[0]?.total ?? 0;
  return (
    <section className={styles["entries"]} aria-label={list.name}>
      <ListHead list={list} mayChange={mayChange} onBack={onBack} />
      <div className={styles["bar"]}>
        <SearchField label={t("lists.search")} value={search} onChange={onSearch} maxLength={64} />
        {mayChange ? (
          <Button look="primary" onPress={() => setEditing("new")}>
            <Plus size={16} aria-hidden />
            {t("lists.addEntry")}
          </Button>
        ) : null}
      </div>
      {entries.error && !items ? <ProblemNote error={entries.error} what={t("lists.entriesFailed")} /> : null}
      {!items && !entries.error ? <TableSkeleton rows={4} /> : null}
      {items?.length === 0 ? <Empty title={search ? t("lists.noneFound") : t("lists.noEntries")} /> : null}
      {items && items.length > 0 ? (
        <EntryTable list={list} items={items} mayChange={mayChange} onEdit={setEditing} onDelete={setDeleting} />
      ) : null}
      {entries.hasNextPage ? (
        <Button look="quiet" onPress={() => void entries.fetchNextPage()} isDisabled={entries.isFetchingNextPage}>
          {t("lists.more", { shown: items?.length ?? 0, total })}
        </Button>
      ) : null}
      {editing ? (
        <EntryDialog list={list} entry={editing === "new" ? null : editing} onClose={() => setEditing(null)} />
      ) : null}
      {deleting ? (
        <ConfirmDialog
          title={t("lists.removeEntryTitle", { what: deleting.plate || t("lists.thisEntry"), list: list.name })}
          consequence={t("lists.removeEntryConsequence")}
          action={t("lists.remove")}
          onConfirm={() => remove.mutateAsync(deleting.id)}
          onClose={() => setDeleting(null)}
        />
      ) : null}
    </section>
  );
}

export function ListHead({ list, mayChange, onBack }: { list: Watchlist; mayChange: boolean; onBack: () => void }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<"edit" | "import" | "remove" | null>(null);
  const remove = useRemoveList();
  const facts = [
    t(`lists.kindHelp.${list.kind}`),
    list.alarm_unlisted ? t("lists.unlistedShort") : "",
    list.cameras.length === 0 ? t("lists.allCameras") : t("lists.someCameras", { count: list.cameras.length }),
    t("lists.ownedBy", { owner: list.owner }),
  ];
  return (
    <header className={styles["head"]}>
      <div className={styles["headWords"]}>
        <h2>
          <Button look="quiet" small className={styles["back"]} onPress={onBack} aria-label={t("lists.back")}>
            <ArrowLeft size={16} aria-hidden />
          </Button>
          <span className="truncate">{list.name}</span>
        </h2>
        <p>{list.purpose}</p>
        <p className="muted">{facts.filter(Boolean).join(" · ")}</p>
      </div>
      <span className={styles["actions"]}>
        {list.subject === "vehicles" ? (
          <a href={sheetUrl(list.id)} download className={buttonClass()}>
            <Download size={15} aria-hidden />
            {t("lists.export")}
          </a>
        ) : null}
        {mayChange ? (
          <>
            {list.subject === "vehicles" ? (
              <Button onPress={() => setOpen("import")}>
                <FileUp size={15} aria-hidden />
                {t("lists.import")}
              </Button>
            ) : null}
            <IconButton label={t("lists.edit", { name: list.name })} onPress={() => setOpen("edit")}>
              <Pencil size={16} aria-hidden />
            </IconButton>
            <IconButton label={t("lists.removeLabel", { name: list.name })} onPress={() => setOpen("remove")}>
              <Trash2 size={16} aria-hidden />
            </IconButton>
          </>
        ) : null}
      </span>
      {open === "edit" ? <ListDialog list={list} onClose={() => setOpen(null)} /> : null}
      {open === "import" ? <ImportDialog list={list} onClose={() => setOpen(null)} /> : null}
      {open === "remove" ? (
        <ConfirmDialog
          title={t("lists.removeTitle", { name: list.name })}
          consequence={t("lists.removeConsequence", { count: list.entries })}
          action={t("lists.remove")}
          onConfirm={async () => {
            await remove.mutateAsync(list.id);
            onBack();
          }}
          onClose={() => setOpen(null)}
        />
      ) : null}
    </header>
  );
}

interface TableProps {
  list: Watchlist;
  items: readonly WatchlistEntry[];
  mayChange: boolean;
  onEdit: (entry: WatchlistEntry) => void;
  onDelete: (entry: WatchlistEntry) => void;
}

function EntryTable({ list, items, mayChange, onEdit, onDelete }: TableProps) {
  const { t } = useTranslation();
  return (
    <Table
      label={t("lists.entriesOf", { name: list.name })}
      head={
        <>
          <th scope="col">{t("lists.plate")}</th>
          <th scope="col">{t("lists.vehicle")}</th>
          <th scope="col">{t("lists.validity")}</th>
          <th scope="col">{t("lists.reason")}</th>
          <th scope="col">{t("lists.owner")}</th>
          <th scope="col">
            <span className="visually-hidden">{t("common.actions")}</span>
          </th>
        </>
      }
    >
      {items.map((entry) => (
        <EntryRow
          key={entry.id}
          entry={entry}
          mayChange={mayChange}
          onEdit={() => onEdit(entry)}
          onDelete={() => onDelete(entry)}
        />
      ))}
    </Table>
  );
}

interface RowProps {
  entry: WatchlistEntry;
  mayChange: boolean;
  onEdit: () => void;
  onDelete: () => void;
}

function EntryRow({ entry, mayChange, onEdit, onDelete }: RowProps) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const validity = validityOf(entry, Date.now());
  const moment = (at: string) => formatDate(Date.parse(at), i18n.language);
  const looks = [
    entry.colour && words.any("attributeValues", entry.colour),
    entry.type && words.any("attributeValues", entry.type),
  ].filter(Boolean);
  const span = [
    entry.from ? t("lists.fromAt", { at: moment(entry.from) }) : "",
    entry.to ? t("lists.toAt", { at: moment(entry.to) }) : "",
  ].filter(Boolean);
  return (
    <tr>
      <td data-cell="title">
        {entry.plate ? <code className={styles["plate"]}>{entry.plate}</code> : t("lists.anyPlate")}
      </td>
      <td data-label={t("lists.vehicle")}>{looks.length > 0 ? looks.join(", ") : t("lists.any")}</td>
      <td data-label={t("lists.validity")}>
        <span className={styles["validity"]}>
          <Badge tone={TONES[validity]}>{t(`lists.validities.${validity}`)}</Badge>
          {span.length > 0 ? <span className="muted">{span.join(" ")}</span> : null}
        </span>
      </td>
      <td data-label={t("lists.reason")}>
        {entry.reason}
        {entry.note ? <span className={styles["note"]}>{entry.note}</span> : null}
      </td>
      <td data-label={t("lists.owner")}>{entry.owner}</td>
      <td data-cell="actions">
        {mayChange ? (
          <span className={styles["rowActions"]}>
            <IconButton small label={`${t("common.edit")}: ${entry.plate || looks.join(", ")}`} onPress={onEdit}>
              <Pencil size={15} aria-hidden />
            </IconButton>
            <IconButton small label={`${t("common.delete")}: ${entry.plate || looks.join(", ")}`} onPress={onDelete}>
              <Trash2 size={15} aria-hidden />
            </IconButton>
          </span>
        ) : null}
      </td>
    </tr>
  );
}
