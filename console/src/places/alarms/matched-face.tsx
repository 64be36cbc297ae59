// Whom a face is like: the face as it was seen beside the portrait that was kept, so that a person decides, not a number.

import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import { portraitUrl, usePerson } from "../../api/people";
import type { Happening } from "../../api/types";
import styles from "./matched-face.module.css";
import type { Box } from "./picture";

const MARGIN = 0.35;

/** The part of a picture that shows a face with some air, as `x y width height` in pixels of the picture. Pure. */
export function cutOf(
  [left, top, right, bottom]: Box,
  width: number,
  height: number,
): [number, number, number, number] {
  const side = Math.max((right - left) * width, (bottom - top) * height) * (1 + 2 * MARGIN);
  const limit = Math.min(side, width, height);
  const middle = [((left + right) / 2) * width, ((top + bottom) / 2) * height] as const;
  const start = (centre: number, most: number) => Math.min(Math.max(centre - limit / 2, 0), most - limit);
  return [start(middle[0], width), start(middle[1], height), limit, limit];
}

function usePictureSize(url: string | null): { width: number; height: number } | null {
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  useEffect(() => {
    if (!url) return;
    const image = new Image();
    image.onload = () => setSize({ width: image.naturalWidth, height: image.naturalHeight });
    image.src = url;
    return () => {
      image.onload = null;
    };
  }, [url]);
  return size;
}

export function MatchedFace({ event }: { event: Happening }) {
  const { t } = useTranslation();
  const match = event.match;
  if (event.kind !== "face_matched" || match === null) return null;
  return (
    <section className={styles["match"]}>
      <h3>{t("alarms.face.title")}</h3>
      <div className={styles["pair"]}>
        <SeenFace event={event} />
        <EnrolledFace listId={match.list_id} entryId={match.entry_id} />
      </div>
      <p className="muted">{t("alarms.face.decide")}</p>
    </section>
  );
}

/** The portrait of somebody on a list, or why there is none to be seen. */
export function EnrolledFace({ listId, entryId }: { listId: string; entryId: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const { data: person } = usePerson(listId, entryId, may("face.view"));
  if (!person || person.portraits === 0) {
    return <p className="muted">{t(person ? "alarms.face.notKept" : "alarms.face.gone")}</p>;
  }
  return (
    <figure>
      <img src={portraitUrl(person.list_id, person.id, 0)} alt={t("alarms.face.enrolled")} />
      <figcaption>{t("alarms.face.enrolled")}</figcaption>
    </figure>
  );
}

function SeenFace({ event }: { event: Happening }) {
  const { t } = useTranslation();
  const size = usePictureSize(event.picture_url);
  if (!event.picture_url || !event.box || !size) return null;
  const cut = cutOf(event.box as Box, size.width, size.height);
  return (
    <figure>
      <svg viewBox={cut.join(" ")} role="img" aria-label={t("alarms.face.seen")}>
        <image href={event.picture_url} width={size.width} height={size.height} preserveAspectRatio="none" />
      </svg>
      <figcaption>{t("alarms.face.seen")}</figcaption>
    </figure>
  );
}
