// What is looked for, and what is known? Lists of plates and vehicles on one side, the entries of one on the other.

import { useNavigate, useSearch } from "@tanstack/react-router";
import { ClipboardList, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import type { Watchlist } from "../../api/types";
import { useWatchlists } from "../../api/watchlists";
import { Button } from "../../parts/button";
import { Badge, Empty, Page, PageHead, TableSkeleton, type Tone } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { Entries } from "./entries";
import { ListDialog } from "./list-dialog";
import styles from "./lists.module.css";
import { People } from "./people";

export const KIND_TONES: Record<Watchlist["kind"], Tone> = { wanted: "bad", permitted: "good", known: "info" };

export function ListsPlace() {
  const { t } = useTranslation();
  const may = useMay();
  const { list: chosenId, search = "" } = useSearch({ from: "/app/lists" });
  const navigate = useNavigate();
  const { data: lists, error } = useWatchlists();
  const [isAdding, setAdding] = useState(false);
  const go = (list: string | undefined, words = "") =>
    void navigate({ to: "/lists", search: { ...(list ? { list } : {}), ...(words ? { search: words } : {}) } });
  const chosen = lists?.find((item) => item.id === chosenId);
  return (
    <Page look={styles["lists"] ?? ""} isChosen={chosen !== undefined}>
      <PageHead title={t("lists.title")} lead={t("lists.lead")}>
        {may("watchlist.manage") ? (
          <Button look="primary" onPress={() => setAdding(true)}>
            <Plus size={16} aria-hidden />
            {t("lists.add")}
          </Button>
        ) : null}
      </PageHead>
      {error && !lists ? <ProblemNote error={error} what={t("lists.failed")} /> : null}
      {!lists && !error ? <TableSkeleton rows={3} /> : null}
      {lists?.length === 0 ? (
        <Empty icon={<ClipboardList size={32} aria-hidden />} title={t("lists.none")}>
          <p>{t("lists.noneLead")}</p>
        </Empty>
      ) : null}
      {lists && lists.length > 0 ? (
        <div className={styles["columns"]}>
          <ul className={styles["cards"]} aria-label={t("lists.title")}>
            {lists.map((item) => (
              <ListCard key={item.id} list={item} isChosen={item === chosen} onChoose={() => go(item.id)} />
            ))}
          </ul>
          {chosen?.subject === "faces" ? (
            <People key={chosen.id} list={chosen} onBack={() => go(undefined)} />
          ) : chosen ? (
            <Entries
              key={chosen.id}
              list={chosen}
              search={search}
              onSearch={(words) => go(chosen.id, words)}
              onBack={() => go(undefined)}
            />
          ) : (
            <p className={styles["choose"]}>{t("lists.choose")}</p>
          )}
        </div>
      ) : null}
      {isAdding ? <ListDialog list={null} onClose={() => setAdding(false)} onSaved={(made) => go(made.id)} /> : null}
    </Page>
  );
}

interface CardProps {
  list: Watchlist;
  isChosen: boolean;
  onChoose: () => void;
}

function ListCard({ list, isChosen, onChoose }: CardProps) {
  const { t } = useTranslation();
  return (
    <li>
      <button type="button" className={styles["card"]} aria-current={isChosen || undefined} onClick={onChoose}>
        <span className={styles["cardHead"]}>
          <strong className="truncate">{list.name}</strong>
          <Badge tone={list.enabled ? KIND_TONES[list.kind] : "neutral"}>
            {list.enabled ? t(`lists.kinds.${list.kind}`) : t("lists.off")}
          </Badge>
        </span>
        <span className="muted">
          {t(list.subject === "faces" ? "lists.people" : "lists.entries", { count: list.entries })}
        </span>
      </button>
    </li>
  );
}
