// Taking footage out: range, camera, format; and what of the range is there before anything is downloaded.

import { useQuery } from "@tanstack/react-query";
import { CircleCheck, Download, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "../../api/context";
import { unwrap, urlOf } from "../../api/http";
import { formatClock, formatLength, formatShortDay } from "../../lib/format";
import { readWhen } from "../../lib/when";
import { Button, buttonClass } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { SelectField, TextField } from "../../parts/field";
import { ProblemNote } from "../../parts/problem-note";
import type { Span } from "../../parts/timeline/view";
import styles from "./download-dialog.module.css";

const LONGEST_MS = 24 * 3_600_000;

/** Milliseconds of a range that no run covers. Runs may overlap (main and sub). Pure. */
export function missingMs(range: Span, runs: readonly { from: string; to: string }[]): number {
  const sorted = runs
    .map((run) => [Math.max(range.fromMs, Date.parse(run.from)), Math.min(range.toMs, Date.parse(run.to))] as const)
    .filter(([from, to]) => to > from)
    .sort(([a], [b]) => a - b);
  let covered = 0;
  let end = range.fromMs;
  for (const [from, to] of sorted) {
    covered += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return range.toMs - range.fromMs - covered;
}

interface DownloadProps {
  cameras: readonly { id: string; name: string }[];
  range: Span;
  onClose: () => void;
}

export function DownloadDialog({ cameras, range, onClose }: DownloadProps) {
  const { t, i18n } = useTranslation();
  const write = (ms: number) => {
    const date = new Date(ms);
    const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
    return `${day.join("-")} ${formatClock(ms, "en-GB")}`;
  };
  const [from, setFrom] = useState(write(range.fromMs));
  const [to, setTo] = useState(write(range.toMs));
  const [camera, setCamera] = useState(cameras[0]?.id ?? "");
  const [format, setFormat] = useState("mp4");
  const fromMs = readWhen(from, new Date())?.getTime();
  const toMs = readWhen(to, new Date())?.getTime();
  const fault = faultOf(fromMs, toMs);
  const wanted: Span | null = fault === null && fromMs && toMs ? { fromMs, toMs } : null;
  const name = cameras.find((one) => one.id === camera)?.name ?? camera;
  const query = wanted ? { from: new Date(wanted.fromMs).toISOString(), to: new Date(wanted.toMs).toISOString() } : {};
  return (
    <Dialog
      title={t("review.downloadTitle")}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t("common.close")}</Button>
          {wanted ? (
            <a
              className={buttonClass("primary")}
              href={urlOf(`/cameras/${camera}/recording.${format}`, query)}
              download={`${name} ${formatShortDay(wanted.fromMs, i18n.language)} ${formatClock(wanted.fromMs, "en-GB").replaceAll(":", "-")}.${format}`}
            >
              <Download size={15} aria-hidden />
              {t("review.download")}
            </a>
          ) : null}
        </>
      }
    >
      {cameras.length > 1 ? (
        <SelectField
          label={t("review.camera")}
          value={camera}
          onChange={setCamera}
          options={cameras.map(({ id, name: label }) => ({ id, label }))}
        />
      ) : null}
      <div className={styles["pair"]}>
        <TextField
          label={t("review.from")}
          value={from}
          onChange={setFrom}
          error={fromMs === undefined ? t("review.whenWrong") : undefined}
        />
        <TextField
          label={t("review.to")}
          value={to}
          onChange={setTo}
          error={toMs === undefined ? t("review.whenWrong") : fault ? t(`review.${fault}`) : undefined}
        />
      </div>
      <SelectField
        label={t("review.format")}
        value={format}
        onChange={setFormat}
        options={(["mp4", "mkv"] as const).map((id) => ({ id, label: t(`review.formats.${id}`) }))}
      />
      {wanted ? <Presence camera={camera} range={wanted} /> : null}
    </Dialog>
  );
}

function faultOf(fromMs: number | undefined, toMs: number | undefined): "rangeWrong" | "rangeLong" | null {
  if (fromMs === undefined || toMs === undefined) return null;
  if (toMs <= fromMs) return "rangeWrong";
  return toMs - fromMs > LONGEST_MS ? "rangeLong" : null;
}

function Presence({ camera, range }: { camera: string; range: Span }) {
  const { t } = useTranslation();
  const client = useClient();
  const { data, error } = useQuery({
    queryKey: ["recordings", camera, range.fromMs, range.toMs],
    queryFn: () => {
      const query = { from: new Date(range.fromMs).toISOString(), to: new Date(range.toMs).toISOString() };
      return unwrap(
        client.GET("/api/v1/cameras/{camera_id}/recordings", { params: { path: { camera_id: camera }, query } }),
      );
    },
  });
  if (error) return <ProblemNote error={error} />;
  if (!data) return <p className="muted">{t("review.checking")}</p>;
  const missing = missingMs(range, data.runs);
  const total = range.toMs - range.fromMs;
  if (missing >= total) return <Words tone="warn">{t("review.nothingThere")}</Words>;
  if (missing < 1000) return <Words tone="good">{`${t("review.complete")} ${formatLength(total)}`}</Words>;
  return (
    <Words tone="warn">{t("review.incomplete", { missing: formatLength(missing), total: formatLength(total) })}</Words>
  );
}

function Words({ tone, children }: { tone: "good" | "warn"; children: string }) {
  return (
    <p className={styles["presence"]} data-tone={tone} role="status">
      {tone === "good" ? <CircleCheck size={16} aria-hidden /> : <TriangleAlert size={16} aria-hidden />}
      {children}
    </p>
  );
}
