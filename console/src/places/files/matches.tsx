// What fits a list, in words; a face beside the portrait that was kept, so that a person decides, not a number.

import { useTranslation } from "react-i18next";
import { type FoundEvent, resultUrl } from "../../api/files";
import type { FileJob } from "../../api/types";
import { formatDuration } from "../../lib/format";
import { EnrolledFace } from "../alarms/matched-face";
import pair from "../alarms/matched-face.module.css";
import styles from "./files.module.css";

interface MatchesProps {
  job: FileJob;
  events: readonly FoundEvent[];
  onJump: (seconds: number) => void;
}

export function Matches({ job, events, onJump }: MatchesProps) {
  const { t } = useTranslation();
  if (job.lists.length === 0) return null;
  const found = events.filter((event) => event.match !== undefined);
  const names = job.lists.map((list) => list.name).join(", ");
  return (
    <section className={styles["matches"]} aria-label={t("files.matches")}>
      <h3>{found.length > 0 ? t("files.matchesOf", { names }) : t("files.noMatches", { names })}</h3>
      {found.map((event) => (
        <article key={`${event.match?.entry_id} ${event.start_s} ${event.track_ids.join()}`}>
          <button type="button" onClick={() => onJump(event.start_s)}>
            <span className={styles["time"]}>{formatDuration(event.start_s * 1000)}</span> {event.detail}
          </button>
          {event.kind === "face_matched" ? <FacePair job={job} event={event} /> : null}
        </article>
      ))}
    </section>
  );
}

function FacePair({ job, event }: { job: FileJob; event: FoundEvent }) {
  const { t } = useTranslation();
  return (
    <>
      <div className={pair["pair"]}>
        <figure>
          <img src={resultUrl(job.id, event.picture ?? "")} alt={t("files.seenFace")} />
          <figcaption>{t("files.seenFace")}</figcaption>
        </figure>
        <EnrolledFace listId={event.match?.list_id ?? ""} entryId={event.match?.entry_id ?? ""} />
      </div>
      <p className="muted">{t("alarms.face.decide")}</p>
    </>
  );
}
