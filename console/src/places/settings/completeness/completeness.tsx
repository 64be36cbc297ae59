// What should be stored, what is, and why anything is missing: strips by camera, minutes, every gap with its reason.

import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight, FileDown } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useKnownCameras, useLedger } from "../../../api/storage";
import type { LedgerStream } from "../../../api/types";
import { formatClock, formatDay, formatShortDay } from "../../../lib/format";
import { saveBlob } from "../../../lib/save";
import { Button, IconButton } from "../../../parts/button";
import { CameraChoice } from "../../../parts/hold/hold-dialogs";
import { PageHead, TableSkeleton } from "../../../parts/misc";
import { ProblemNote } from "../../../parts/problem-note";
import { useWords } from "../../../parts/words";
import styles from "./completeness.module.css";
import { GapTable, SlotTable } from "./gaps";
import { finerView, LEVELS, type LedgerView, ledgerCsv, STEPS, type StepName, turnView, viewAt } from "./ledger";
import { Strip } from "./strip";

const route = getRouteApi("/app/settings/completeness");
const CAMERAS_AT_FIRST = 16;
const STEP_NAMES = ["day", "hour", "minute"] as const satisfies readonly StepName[];

export function CompletenessPage() {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const cameras = useKnownCameras();
  const { ids, view, choose, show } = useView(cameras);
  const { stepMs } = STEPS[view.step];
  const { data, error, isPlaceholderData } = useLedger(ids, view.fromMs, view.toMs, stepMs / 1000);
  const nameOf = (id: string) => cameras?.find((camera) => camera.id === id)?.name ?? id.slice(-6);
  const save = () => {
    if (!data) return;
    const csv = ledgerCsv(data.cameras, data.step_s * 1000, { camera: nameOf, reason: words.gap });
    saveBlob(
      new Blob([csv], { type: "text/csv;charset=utf-8" }),
      `completeness ${data.from.slice(0, 16).replaceAll(":", "-")}.csv`,
    );
  };
  return (
    <>
      <PageHead title={t("ledger.title")} lead={t("ledger.lead")}>
        <Button onPress={save} isDisabled={!data || data.cameras.length === 0}>
          <FileDown size={15} aria-hidden />
          {t("ledger.csv")}
        </Button>
      </PageHead>
      <Steps view={view} onShow={show} />
      {cameras && cameras.length > 1 ? (
        <details className={styles["choice"]}>
          <summary>{t("ledger.chosen", { count: ids.length, total: cameras.length })}</summary>
          <CameraChoice cameras={cameras} chosen={ids} onChange={choose} />
        </details>
      ) : null}
      {error && !data ? <ProblemNote error={error} what={t("ledger.failed")} /> : null}
      {cameras && ids.length === 0 ? <p className="muted">{t("ledger.noCamera")}</p> : null}
      {!data && !error && ids.length > 0 ? <TableSkeleton rows={4} /> : null}
      {data ? (
        <div className={styles["body"]} aria-busy={isPlaceholderData}>
          {data.cameras.length === 0 ? <p className="muted">{t("ledger.empty")}</p> : null}
          <div className={styles["strips"]}>
            {data.cameras.map((stream) => (
              <Strip
                key={`${stream.camera_id} ${stream.stream}`}
                stream={stream}
                name={nameOf(stream.camera_id)}
                view={view}
                onZoom={(ms) => {
                  const finer = finerView(view, ms);
                  if (finer) show(finer);
                }}
              />
            ))}
            <Ends view={view} locale={i18n.language} />
          </div>
          <Legend />
          {view.step === "minute" && data.cameras.length > 0 ? (
            <Minutes streams={data.cameras} nameOf={nameOf} />
          ) : null}
          <GapTable streams={data.cameras} nameOf={nameOf} />
        </div>
      ) : null}
    </>
  );
}

/** What is looked at, kept in the address. */
function useView(cameras: readonly { id: string }[] | undefined) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const [openedMs] = useState(() => Date.now());
  const step: StepName = STEP_NAMES.find((name) => name === search.step) ?? "hour";
  const atMs = search.at ? Date.parse(search.at) : openedMs;
  const view = useMemo(() => viewAt(step, Number.isFinite(atMs) ? atMs : openedMs), [step, atMs, openedMs]);
  const ids = search.cameras
    ? search.cameras.split(",").filter(Boolean)
    : (cameras ?? []).slice(0, CAMERAS_AT_FIRST).map((camera) => camera.id);
  const go = (change: typeof search, replace: boolean) =>
    void navigate({ to: "/settings/completeness", search: { ...search, ...change }, replace });
  return {
    ids,
    view,
    choose: (chosen: readonly string[]) => go({ cameras: chosen.join(",") || undefined }, true),
    show: (next: LedgerView) => go({ step: next.step, at: new Date(next.toMs - 1).toISOString() }, false),
  };
}

function Steps({ view, onShow }: { view: LedgerView; onShow: (view: LedgerView) => void }) {
  const { t, i18n } = useTranslation();
  const title =
    view.step === "day"
      ? `${formatShortDay(view.fromMs, i18n.language)} – ${formatDay(view.toMs - 1, i18n.language)}`
      : view.step === "hour"
        ? formatDay(view.fromMs, i18n.language)
        : `${formatDay(view.fromMs, i18n.language)}, ${formatClock(view.fromMs, i18n.language).slice(0, 5)}`;
  return (
    <div className={styles["steps"]}>
      {/* biome-ignore lint/a11y/useSemanticElements: buttons that choose a view, not a form's fieldset */}
      <div role="group" aria-label={t("ledger.step")} className={styles["stepNames"]}>
        {STEP_NAMES.map((step) => (
          <button
            key={step}
            type="button"
            aria-pressed={view.step === step}
            onClick={() => onShow(viewAt(step, Math.min(view.toMs - 1, Date.now())))}
          >
            {t(`ledger.steps.${step}`)}
          </button>
        ))}
      </div>
      <IconButton label={t("ledger.earlier")} onPress={() => onShow(turnView(view, -1))}>
        <ChevronLeft size={17} aria-hidden />
      </IconButton>
      <strong role="status">{title}</strong>
      <IconButton
        label={t("ledger.later")}
        onPress={() => onShow(turnView(view, 1))}
        isDisabled={view.toMs > Date.now()}
      >
        <ChevronRight size={17} aria-hidden />
      </IconButton>
    </div>
  );
}

function Ends({ view, locale }: { view: LedgerView; locale: string }) {
  const say = (ms: number) => (view.step === "day" ? formatShortDay(ms, locale) : formatClock(ms, locale).slice(0, 5));
  const shares = [0, 0.25, 0.5, 0.75];
  return (
    <div className={styles["ends"]} aria-hidden>
      {shares.map((share) => (
        <span key={share}>{say(view.fromMs + share * (view.toMs - view.fromMs))}</span>
      ))}
    </div>
  );
}

function Legend() {
  const { t } = useTranslation();
  return (
    <ul className={styles["legend"]} aria-label={t("ledger.legend")}>
      {LEVELS.map((level) => (
        <li key={level}>
          <span data-level={level} aria-hidden />
          {t(`ledger.levels.${level}`)}
        </li>
      ))}
    </ul>
  );
}

function Minutes({ streams, nameOf }: { streams: readonly LedgerStream[]; nameOf: (id: string) => string }) {
  const { t } = useTranslation();
  return (
    <details className={styles["choice"]} open={streams.length === 1}>
      <summary>{t("ledger.minutes")}</summary>
      {streams.map((stream) => (
        <SlotTable key={`${stream.camera_id} ${stream.stream}`} stream={stream} name={nameOf(stream.camera_id)} />
      ))}
    </details>
  );
}
