// Who did what, when, from where.

import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useAudit } from "../../api/queries";
import { useKnownCameras } from "../../api/storage";
import type { AuditRow } from "../../api/types";
import { formatClock, formatShortDay } from "../../lib/format";
import { Button } from "../../parts/button";
import { TextField } from "../../parts/field";
import { Badge, PageHead, Table, TableSkeleton, type Tone } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { useWords } from "../../parts/words";
import styles from "./audit.module.css";

const route = getRouteApi("/app/settings/audit");

/** A bare id says nothing to a reader: its end is shown, the whole on hover. */
const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

const TONES: Record<string, Tone> = {
  done: "neutral",
  ok: "neutral",
  allowed: "neutral",
  refused: "warn",
  denied: "warn",
  failed: "bad",
};

export function AuditPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = useNavigate();
  const audit = useAudit(search);
  const names = useCameraNames();
  const rows = audit.data?.pages.flatMap((page) => page.items) ?? [];
  const filter = (change: typeof search) =>
    void navigate({ to: "/settings/audit", search: { ...search, ...change }, replace: true });
  return (
    <>
      <PageHead title={t("audit.title")} lead={t("audit.lead")} />
      <search className={styles["filters"]}>
        <TextField
          label={t("audit.filterUser")}
          hidesLabel
          type="search"
          placeholder={t("audit.filterUser")}
          value={search.user ?? ""}
          onChange={(user) => filter({ user })}
        />
        <TextField
          label={t("audit.filterAction")}
          hidesLabel
          type="search"
          placeholder={t("audit.filterAction")}
          value={search.action ?? ""}
          onChange={(action) => filter({ action })}
        />
      </search>
      {audit.error && rows.length === 0 ? <ProblemNote error={audit.error} what={t("audit.failed")} /> : null}
      {audit.isPending ? <TableSkeleton rows={8} /> : null}
      {audit.isSuccess && rows.length === 0 ? <p className="muted">{t("audit.empty")}</p> : null}
      {rows.length > 0 ? (
        <Table
          label={t("audit.title")}
          head={(["at", "user", "action", "resource", "address", "outcome", "detail"] as const).map((column) => (
            <th key={column} scope="col">
              {t(`audit.${column}`)}
            </th>
          ))}
        >
          {rows.map((row) => (
            <Row key={row.id} row={row} resource={names.get(row.resource) ?? row.resource} />
          ))}
        </Table>
      ) : null}
      {audit.hasNextPage ? (
        <div>
          <Button onPress={() => void audit.fetchNextPage()} isDisabled={audit.isFetchingNextPage}>
            {t("common.more")}
          </Button>
        </div>
      ) : null}
    </>
  );
}

/** Names for the ids of cameras that are still there; others stay ids. */
function useCameraNames(): Map<string, string> {
  const cameras = useKnownCameras();
  return useMemo(() => new Map(cameras?.map((camera) => [camera.id, camera.name])), [cameras]);
}

function Row({ row, resource }: { row: AuditRow; resource: string }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const ms = Date.parse(row.at);
  return (
    <tr>
      <td data-cell="title" className={styles["time"]}>
        {formatShortDay(ms, i18n.language)} {formatClock(ms, i18n.language)}
      </td>
      <td data-label={t("audit.user")}>{row.user || "–"}</td>
      <td data-label={t("audit.action")}>{words.audit(row.action)}</td>
      <td data-label={t("audit.resource")} className={styles["wrap"]}>
        {ID.test(resource) ? (
          <span className="mono muted" title={resource}>
            …{resource.slice(-6)}
          </span>
        ) : (
          resource || "–"
        )}
      </td>
      <td data-label={t("audit.address")}>{row.address || "–"}</td>
      <td data-label={t("audit.outcome")}>
        <Badge tone={TONES[row.outcome] ?? "neutral"} dot={(TONES[row.outcome] ?? "neutral") !== "neutral"}>
          {words.any("audit.outcomes", row.outcome)}
        </Badge>
      </td>
      <td data-label={t("audit.detail")} className={styles["wrap"]}>
        {row.detail || "–"}
      </td>
    </tr>
  );
}
