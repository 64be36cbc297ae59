// What is in this video? Files are dropped, analysed as cameras are, and what was found is shown with its pictures.

import { useNavigate, useSearch } from "@tanstack/react-router";
import { FileVideo, Pause, Play, Trash2, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { isOver, useChangeFileJob, useFileJobs, useRemoveFileJob } from "../../api/files";
import type { FileJob } from "../../api/types";
import { formatBytes, formatDuration, formatMoment, formatNumber } from "../../lib/format";
import { Button, IconButton } from "../../parts/button";
import { Badge, Empty, Page, PageHead, TableSkeleton, type Tone } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import styles from "./files.module.css";
import { JobTerms } from "./job-terms";
import { Results } from "./results";
import { UploadBox } from "./upload-box";

const TONES: Record<FileJob["state"], Tone> = {
  queued: "neutral",
  running: "info",
  paused: "warn",
  done: "good",
  failed: "bad",
  cancelled: "neutral",
};

export function FilesPlace() {
  const { t } = useTranslation();
  const { job: chosen, at } = useSearch({ from: "/app/files" });
  const navigate = useNavigate();
  const { data: jobs, error } = useFileJobs();
  const choose = (id: string | undefined) =>
    void navigate({ to: "/files", search: id === undefined ? {} : { job: id }, replace: true });
  return (
    <Page>
      <PageHead title={t("files.title")} lead={t("files.lead")} />
      <UploadBox />
      {error && !jobs ? <ProblemNote error={error} what={t("files.failed")} /> : null}
      {!jobs && !error ? <TableSkeleton rows={4} /> : null}
      {jobs?.length === 0 ? <Empty icon={<FileVideo size={32} aria-hidden />} title={t("files.none")} /> : null}
      <section className={styles["jobs"]} aria-label={t("files.jobs")}>
        {jobs?.map((job) => (
          <Job
            key={job.id}
            job={job}
            isOpen={job.id === chosen}
            at={Number(at) || 0}
            onOpen={(open) => choose(open ? job.id : undefined)}
          />
        ))}
      </section>
    </Page>
  );
}

interface JobProps {
  job: FileJob;
  isOpen: boolean;
  /** Seconds of the file to show first. */
  at: number;
  onOpen: (open: boolean) => void;
}

function Job({ job, isOpen, at: shown, onOpen }: JobProps) {
  const { t, i18n } = useTranslation();
  const at = formatMoment(Date.parse(job.created_at), Date.now(), i18n.language);
  return (
    <article className={styles["job"]} data-state={job.state} aria-label={job.name}>
      <header>
        <Badge tone={TONES[job.state]}>{t(`files.states.${job.state}`)}</Badge>
        <strong className="truncate" title={job.name}>
          {job.name}
        </strong>
        <span className="muted">{formatBytes(job.size_bytes, i18n.language)}</span>
        <JobActions job={job} />
      </header>
      {job.state === "done" || job.state === "cancelled" ? null : <Progress job={job} />}
      {job.interruption ? <Interruption of={job.interruption} /> : null}
      <footer>
        <span className="muted">{t("files.by", { user: job.created_by, at })}</span>
        {isOver(job) ? null : <JobTerms job={job} />}
        {job.state === "done" ? (
          <Button small onPress={() => onOpen(!isOpen)}>
            {isOpen ? t("files.hide") : t("files.show", { objects: job.objects, events: job.events })}
          </Button>
        ) : null}
      </footer>
      {isOpen && job.state === "done" ? <Results job={job} at={shown} /> : null}
    </article>
  );
}

function Interruption({ of: { begun_again, kept_s } }: { of: NonNullable<FileJob["interruption"]> }) {
  const { t } = useTranslation();
  const time = formatDuration(Math.max(1, kept_s) * 1000);
  return (
    <p className={begun_again ? styles["error"] : "muted"}>
      {begun_again ? t(`files.begunAgain.${begun_again}`) : t("files.wentOn", { time })}
    </p>
  );
}

function Progress({ job }: { job: FileJob }) {
  const { t, i18n } = useTranslation();
  if (job.state === "failed") return <p className={styles["error"]}>{job.error || t("problem.unexpected")}</p>;
  const percent = Math.floor(job.progress * 100);
  const facts = [
    t("files.done", { percent }),
    job.speed > 0 ? t("files.speed", { times: formatNumber(job.speed, i18n.language, 1) }) : "",
    job.state === "running" && job.left_s !== null
      ? t("files.left", { time: formatDuration(Math.max(1, job.left_s) * 1000) })
      : "",
  ];
  return (
    <>
      <progress className={styles["progress"]} value={percent} max={100} aria-label={t("files.done", { percent })} />
      <span className="muted">{facts.filter(Boolean).join(" · ")}</span>
    </>
  );
}

function JobActions({ job }: { job: FileJob }) {
  const { t } = useTranslation();
  const change = useChangeFileJob();
  const remove = useRemoveFileJob();
  const set = (state: "paused" | "queued" | "cancelled") => change.mutate({ id: job.id, change: { state } });
  return (
    <span className={styles["actions"]}>
      {job.state === "running" || job.state === "queued" ? (
        <IconButton label={t("files.pause", { name: job.name })} onPress={() => set("paused")}>
          <Pause size={16} aria-hidden />
        </IconButton>
      ) : null}
      {job.state === "paused" ? (
        <IconButton label={t("files.goOn", { name: job.name })} onPress={() => set("queued")}>
          <Play size={16} aria-hidden />
        </IconButton>
      ) : null}
      {isOver(job) ? (
        <IconButton label={t("files.remove", { name: job.name })} onPress={() => remove.mutate(job.id)}>
          <Trash2 size={16} aria-hidden />
        </IconButton>
      ) : (
        <IconButton label={t("files.cancel", { name: job.name })} onPress={() => set("cancelled")}>
          <X size={16} aria-hidden />
        </IconButton>
      )}
    </span>
  );
}
