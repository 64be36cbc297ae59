// What was found in a file: the video with boxes, a wall of pictures, the events, and all of it as files.

import { Download } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { type FoundEvent, type FoundObject, resultUrl, useFindings } from "../../api/files";
import type { FileJob } from "../../api/types";
import { UNKNOWN } from "../../lib/attributes";
import { formatDuration } from "../../lib/format";
import { useAttributeWords } from "../../parts/attribute-words";
import { Skeleton } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { useWords } from "../../parts/words";
import styles from "./files.module.css";
import { Matches } from "./matches";

const SHOWN_AT_MOST = 200;
const clock = (seconds: number): string => formatDuration(seconds * 1000);

interface ResultsProps {
  job: FileJob;
  /** Seconds to show first. */
  at: number;
}

export function Results({ job, at }: ResultsProps) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const { data, error } = useFindings(job);
  const jump = (seconds: number) => {
    if (!video.current) return;
    video.current.currentTime = seconds;
    video.current.scrollIntoView({ block: "nearest" });
  };
  return (
    <div className={styles["results"]}>
      {job.annotate ? (
        <video
          ref={video}
          src={resultUrl(job.id, "annotated.mp4")}
          controls
          muted
          playsInline
          preload="metadata"
          onLoadedMetadata={() => (at > 0 ? jump(at) : undefined)}
        />
      ) : null}
      {error ? <ProblemNote error={error} what={t("files.resultsFailed")} /> : null}
      {!data && !error ? <Skeleton height={120} /> : null}
      {data ? <Matches job={job} events={data.events} onJump={jump} /> : null}
      {data ? <Events events={data.events} onJump={jump} /> : null}
      {data ? <Wall job={job} objects={data.objects} onJump={jump} /> : null}
      <p className={styles["downloads"]}>
        {job.files.map((name) => (
          <a key={name} href={resultUrl(job.id, name)} download={`${job.name}.${name}`}>
            <Download size={14} aria-hidden /> {name}
          </a>
        ))}
      </p>
      <p className="muted">
        {t("files.facts", { read: job.frames_read, analysed: job.frames_analyzed, release: job.release })}
      </p>
    </div>
  );
}

function Events({ events, onJump }: { events: readonly FoundEvent[]; onJump: (seconds: number) => void }) {
  const { t } = useTranslation();
  const words = useWords();
  if (events.length === 0) return <p className="muted">{t("files.noEvents")}</p>;
  return (
    <ul className={styles["events"]} aria-label={t("files.events")}>
      {events.slice(0, SHOWN_AT_MOST).map((event) => (
        <li key={`${event.kind} ${event.start_s} ${event.track_ids.join()}`}>
          <button type="button" onClick={() => onJump(event.start_s)}>
            <span className={styles["time"]}>{clock(event.start_s)}</span> {words.kind(event.kind)}
          </button>
        </li>
      ))}
    </ul>
  );
}

interface WallProps {
  job: FileJob;
  objects: readonly FoundObject[];
  onJump: (seconds: number) => void;
}

function Wall({ job, objects, onJump }: WallProps) {
  const { t } = useTranslation();
  const words = useWords();
  if (objects.length === 0) return <p className="muted">{t("files.noObjects")}</p>;
  return (
    <>
      <ul className={styles["wall"]} aria-label={t("files.objects")}>
        {objects.slice(0, SHOWN_AT_MOST).map((object) => {
          const name = `${words.objectClass(object.class)} ${object.track_id}`;
          return (
            <li key={object.track_id}>
              <button type="button" onClick={() => onJump(object.best_frame_s)}>
                {object.picture ? <img src={resultUrl(job.id, object.picture)} alt={name} loading="lazy" /> : null}
                <strong>{name}</strong>
                <span className={styles["time"]}>{`${clock(object.first_s)} – ${clock(object.last_s)}`}</span>
                <Facts object={object} />
              </button>
            </li>
          );
        })}
      </ul>
      {objects.length > SHOWN_AT_MOST ? (
        <p className="muted">{t("files.shownOf", { shown: SHOWN_AT_MOST, count: objects.length })}</p>
      ) : null}
    </>
  );
}

/** Attributes that are known, and the plate. */
function Facts({ object }: { object: FoundObject }) {
  const words = useAttributeWords();
  const known = Object.entries(object.attributes).filter(([name, { value }]) => value !== UNKNOWN || words.isOwn(name));
  return (
    <>
      {object.plate ? <span className="mono">{object.plate.text}</span> : null}
      {known.length > 0 ? (
        <span className={styles["known"]}>
          {known.map(([name, { value }]) => `${words.name(name)}: ${words.value(name, value)}`).join(", ")}
        </span>
      ) : null}
    </>
  );
}
