// Taking footage out: cameras, range, format, proof and purpose; what of it is there before anything is made; and the
// packages made lately, with their progress.

import { useQuery } from "@tanstack/react-query";
import { CircleCheck, PackagePlus, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "../../api/context";
import { useAddExport } from "../../api/exports";
import { unwrap } from "../../api/http";
import type { ExportInput } from "../../api/types";
import { formatLength } from "../../lib/format";
import { isoRange, readRange, writeRange } from "../../lib/range";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { SelectField, SwitchField, TextField } from "../../parts/field";
import { CameraChoice } from "../../parts/hold/hold-dialogs";
import { ProblemNote } from "../../parts/problem-note";
import { RangeFields } from "../../parts/range/range-fields";
import { lengthMs, type Span } from "../../parts/timeline/view";
import styles from "./export-dialog.module.css";
import { ExportList } from "./export-list";
import { judgeMasking, MaskingNote, useHiddenCameras } from "./masking";

const LONGEST_MS = 24 * 3_600_000;
const PURPOSE_AT_MOST = 500;
const ENHANCED_AT_MOST_MS = 600_000;

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

interface ExportProps {
  cameras: readonly { id: string; name: string }[];
  range: Span;
  onClose: () => void;
}

export function ExportDialog({ cameras, range, onClose }: ExportProps) {
  const { t } = useTranslation();
  const [ids, setIds] = useState<readonly string[]>(cameras.map((camera) => camera.id));
  const [text, setText] = useState(() => writeRange(range));
  const [format, setFormat] = useState<ExportInput["format"]>("mp4");
  const [stream, setStream] = useState<ExportInput["stream"]>("auto");
  const [isBundle, setBundle] = useState(false);
  const [isEnhanced, setEnhanced] = useState(false);
  const [purpose, setPurpose] = useState("");
  const add = useAddExport();
  const read = readRange(text, new Date(), LONGEST_MS);
  const hidden = useHiddenCameras(cameras.filter((camera) => ids.includes(camera.id)));
  const enhances = isEnhanced && stream === "sub" && !isBundle;
  const masking = judgeMasking(hidden.length, isBundle);
  const isTooLong = enhances && read.range !== null && ids.length * lengthMs(read.range) > ENHANCED_AT_MOST_MS;
  const isReady = !isTooLong && read.range !== null && ids.length > 0 && purpose.trim() !== "";
  const start = () => {
    if (!read.range) return;
    add.mutate({
      cameras: [...ids],
      ...isoRange(read.range),
      format,
      stream,
      bundle: isBundle,
      enhance: enhances,
      purpose: purpose.trim(),
    });
  };
  return (
    <Dialog
      title={t("export.title")}
      onClose={onClose}
      isWide
      actions={
        <>
          <Button onPress={onClose}>{t("common.close")}</Button>
          <Button look="primary" onPress={start} isDisabled={!isReady || add.isPending}>
            <PackagePlus size={15} aria-hidden />
            {t("export.start")}
          </Button>
        </>
      }
    >
      {cameras.length > 1 ? <CameraChoice cameras={cameras} chosen={ids} onChange={setIds} /> : null}
      <RangeFields text={text} read={read} onChange={setText} />
      <div className={styles["pair"]}>
        <SelectField
          label={t("review.format")}
          value={format}
          onChange={(id) => setFormat(id as ExportInput["format"])}
          options={(["mp4", "mkv"] as const).map((id) => ({ id, label: t(`review.formats.${id}`) }))}
        />
        <SelectField
          label={t("export.stream")}
          value={stream}
          onChange={(id) => setStream(id as ExportInput["stream"])}
          options={(["auto", "main", "sub"] as const).map((id) => ({ id, label: t(`export.streams.${id}`) }))}
        />
      </div>
      <div>
        <SwitchField label={t("export.bundle")} isSelected={isBundle} onChange={setBundle} />
        <p className={styles["hint"]}>{t("export.bundleHint")}</p>
      </div>
      {stream === "sub" && !isBundle ? (
        <div>
          <SwitchField label={t("export.enhance")} isSelected={isEnhanced} onChange={setEnhanced} />
          <p className={styles["hint"]}>{t("export.enhanceHint")}</p>
          {isTooLong ? <Words tone="warn">{t("export.enhanceLong")}</Words> : null}
        </div>
      ) : null}
      <MaskingNote hidden={hidden} masking={masking} />
      <TextField
        label={t("export.purpose")}
        hint={t("export.purposeHint")}
        value={purpose}
        onChange={setPurpose}
        maxLength={PURPOSE_AT_MOST}
        isRequired
      />
      {read.range
        ? cameras
            .filter((camera) => ids.includes(camera.id))
            .map((camera) => (
              <Presence key={camera.id} camera={camera} isNamed={ids.length > 1} range={read.range as Span} />
            ))
        : null}
      {add.error ? <ProblemNote error={add.error} what={t("export.failedStart")} /> : null}
      <ExportList cameras={cameras} />
    </Dialog>
  );
}

interface PresenceProps {
  camera: { id: string; name: string };
  isNamed: boolean;
  range: Span;
}

function Presence({ camera, isNamed, range }: PresenceProps) {
  const { t } = useTranslation();
  const client = useClient();
  const { data, error } = useQuery({
    queryKey: ["recordings", camera.id, range.fromMs, range.toMs],
    queryFn: () => {
      const query = isoRange(range);
      return unwrap(
        client.GET("/api/v1/cameras/{camera_id}/recordings", { params: { path: { camera_id: camera.id }, query } }),
      );
    },
  });
  if (error) return <ProblemNote error={error} />;
  if (!data) return <p className="muted">{t("review.checking")}</p>;
  const missing = missingMs(range, data.runs);
  const total = range.toMs - range.fromMs;
  const lead = isNamed ? `${camera.name}: ` : "";
  if (missing >= total) return <Words tone="warn">{lead + t("review.nothingThere")}</Words>;
  if (missing < 1000) return <Words tone="good">{`${lead}${t("review.complete")} ${formatLength(total)}`}</Words>;
  const words = t("review.incomplete", { missing: formatLength(missing), total: formatLength(total) });
  return <Words tone="warn">{lead + words}</Words>;
}

function Words({ tone, children }: { tone: "good" | "warn"; children: string }) {
  return (
    <p className={styles["presence"]} data-tone={tone} role="status">
      {tone === "good" ? <CircleCheck size={16} aria-hidden /> : <TriangleAlert size={16} aria-hidden />}
      {children}
    </p>
  );
}
