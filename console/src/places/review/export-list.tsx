// Packages made lately: progress, cancel, links that go on where a broken download stopped.

import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";
import { exportBundleUrl, exportFileUrl, isBusy, useCancelExport, useExports } from "../../api/exports";
import type { ExportJob } from "../../api/types";
import { formatBytes, formatClock, formatMoment, formatShortDay } from "../../lib/format";
import { Button } from "../../parts/button";
import { Badge, Skeleton, type Tone } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { useCodeWords } from "../../parts/problem-words";
import styles from "./export-dialog.module.css";

const TONES: Record<ExportJob["state"], Tone> = {
  queued: "neutral",
  running: "info",
  done: "good",
  failed: "bad",
  cancelled: "neutral",
};

interface ExportListProps {
  cameras: readonly { id: string; name: string }[];
}

export function ExportList({ cameras }: ExportListProps) {
  const { t } = useTranslation();
  const { data: jobs, error } = useExports();
  const cancel = useCancelExport();
  return (
    <section className={styles["list"]} aria-label={t("export.recent")}>
      <h3>{t("export.recent")}</h3>
      {error && !jobs ? <ProblemNote error={error} what={t("export.failedList")} /> : null}
      {!jobs && !error ? <Skeleton height={48} /> : null}
      {jobs?.length === 0 ? <p className="muted">{t("export.none")}</p> : null}
      {jobs?.map((job) => (
        <Job key={job.id} job={job} cameras={cameras} onCancel={() => cancel.mutate(job.id)} />
      ))}
      {cancel.error ? <ProblemNote error={cancel.error} /> : null}
    </section>
  );
}

interface JobProps extends ExportListProps {
  job: ExportJob;
  onCancel: () => void;
}

function Job({ job, cameras, onCancel }: JobProps) {
  const { t, i18n } = useTranslation();
  const nameOf = (id: string) => cameras.find((camera) => camera.id === id)?.name ?? id.slice(-6);
  const [fromMs, toMs] = [Date.parse(job.from), Date.parse(job.to)];
  const when = `${formatShortDay(fromMs, i18n.language)} ${formatClock(fromMs, i18n.language)} – ${formatClock(toMs, i18n.language)}`;
  const percent = Math.floor(job.progress * 100);
  return (
    <article
      className={styles["job"]}
      data-state={job.state}
      aria-label={`${job.cameras.map(nameOf).join(", ")}, ${when}`}
    >
      <div className={styles["jobHead"]}>
        <Badge tone={TONES[job.state]}>{t(`export.states.${job.state}`)}</Badge>
        <strong>{job.cameras.map(nameOf).join(", ")}</strong>
        <span>{when}</span>
        <span className="muted">
          {[job.format.toUpperCase(), job.bundle ? t("export.withProof") : ""].filter(Boolean).join(" · ")}
        </span>
        {job.masked_cameras.length > 0 ? (
          <Badge tone="info" dot={false}>
            {t("tile.masked")}
          </Badge>
        ) : null}
        {job.enhanced ? (
          <Badge tone="warn" dot={false}>
            {t("enhance.enhanced")}
          </Badge>
        ) : null}
        {isBusy(job) ? (
          <Button small onPress={onCancel}>
            {t("common.cancel")}
          </Button>
        ) : (
          <span className="muted">{job.size_bytes > 0 ? formatBytes(job.size_bytes, i18n.language) : ""}</span>
        )}
      </div>
      {isBusy(job) ? (
        <progress
          className={styles["progress"]}
          value={percent}
          max={100}
          aria-label={t("export.progress", { percent })}
        />
      ) : null}
      {isBusy(job) && job.enhanced ? (
        <p className="muted">{t("export.enhanceTakes", { minutes: Math.max(1, Math.round(job.estimated_s / 60)) })}</p>
      ) : null}
      <Outcome job={job} />
      <span className="muted">
        {t("export.by", {
          user: job.created_by,
          at: formatMoment(Date.parse(job.created_at), Date.now(), i18n.language),
          purpose: job.purpose,
        })}
      </span>
    </article>
  );
}

function Outcome({ job }: { job: ExportJob }) {
  const { t, i18n } = useTranslation();
  const say = useCodeWords();
  if (job.state === "failed") {
    const known = say(job.error?.code ?? "");
    return (
      <p>
        {known.reason || job.error?.message || t("problem.unexpected")} {known.hint || job.error?.hint}
      </p>
    );
  }
  if (job.state !== "done") return null;
  return (
    <>
      <div className={styles["files"]}>
        {job.bundle ? (
          <FileLink href={exportBundleUrl(job.id)} name="bundle.zip" words={t("export.bundleFile")} />
        ) : (
          job.files.map((file) => (
            <FileLink
              key={file.name}
              href={exportFileUrl(job.id, file.name)}
              name={file.name}
              words={`${file.name} (${formatBytes(file.size_bytes, i18n.language)})`}
            />
          ))
        )}
      </div>
      {job.expires_at ? (
        <span className="muted">
          {t("export.until", { at: formatMoment(Date.parse(job.expires_at), Date.now(), i18n.language) })}
        </span>
      ) : null}
    </>
  );
}

function FileLink({ href, name, words }: { href: string; name: string; words: string }) {
  return (
    <a href={href} download={name}>
      <Download size={14} aria-hidden style={{ display: "inline", verticalAlign: "-2px" }} /> {words}
    </a>
  );
}
