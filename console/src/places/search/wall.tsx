// The answer as a wall of pictures: each with when, where, and how well it fits in words.

import { FileVideo, ImageOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { SearchPage, SeenObject } from "../../api/types";
import { formatDuration, formatMoment, formatNumber } from "../../lib/format";
import { Badge, type Tone } from "../../parts/misc";
import { useWords } from "../../parts/words";
import styles from "./search.module.css";

const VERDICT_TONES: Record<string, Tone> = { accept: "good", defer: "warn", not_calibrated: "neutral" };

interface WallProps {
  pages: SearchPage[];
  chosen: string | undefined;
  onChoose: (id: string) => void;
}

export function Wall({ pages, chosen, onChoose }: WallProps) {
  return (
    <ul className={styles["wall"]}>
      {pages
        .flatMap((page) => page.items)
        .map((item) => (
          <li key={item.id}>
            <button
              type="button"
              className={styles["tile"]}
              aria-current={item.id === chosen || undefined}
              onClick={() => onChoose(item.id)}
            >
              <ObjectPicture item={item} />
              <Caption item={item} by={pages[0]?.by ?? "facts"} />
            </button>
          </li>
        ))}
    </ul>
  );
}

export function ObjectPicture({ item }: { item: SeenObject }) {
  const { t } = useTranslation();
  const words = useWords();
  return (
    <span className={styles["picture"]}>
      {item.picture_url ? (
        <img src={item.picture_url} alt={words.objectClass(item.object_class)} loading="lazy" />
      ) : (
        <span className="muted">
          <ImageOff size={20} aria-hidden />
          <span className="visually-hidden">{t("alarms.noPicture")}</span>
        </span>
      )}
    </span>
  );
}

/** A place in a file, as players show it. */
export const seconds = (at: number): string => formatDuration(at * 1000);

/** When it was seen; of a file the second, and a time of day only where somebody said when it begins. */
export function When({ item }: { item: SeenObject }) {
  const { i18n } = useTranslation();
  const moment = formatMoment(Date.parse(item.best), Date.now(), i18n.language);
  if (!item.file) return <span className="muted">{moment}</span>;
  return (
    <span className={`muted ${styles["when"]}`}>
      <FileVideo size={12} aria-hidden /> {seconds(item.file.best_s)}
      {item.file.dated ? ` · ${moment}` : null}
    </span>
  );
}

function Caption({ item, by }: { item: SeenObject; by: SearchPage["by"] }) {
  return (
    <span className={styles["caption"]}>
      <span className={styles["captionHead"]}>
        <strong className="truncate">{item.camera_name}</strong>
        {item.plate ? <span className="mono">{item.plate.text}</span> : null}
      </span>
      <When item={item} />
      <Fit item={item} by={by} />
    </span>
  );
}

interface FitProps {
  item: SeenObject;
  by?: SearchPage["by"];
}

/** How well it fits, in words; the figure is for ordering alone. Looks say how alike two are, never who somebody is. */
export function Fit({ item, by }: FitProps) {
  const { t, i18n } = useTranslation();
  if (item.verdict && by === "appearance") {
    return <Badge tone={VERDICT_TONES[item.verdict] ?? "neutral"}>{t(`search.looks.${item.verdict}`)}</Badge>;
  }
  if (item.verdict) {
    const score = item.score === null ? "" : formatNumber(item.score * 100, i18n.language);
    return (
      <Badge tone={VERDICT_TONES[item.verdict] ?? "neutral"}>{t(`search.verdicts.${item.verdict}`, { score })}</Badge>
    );
  }
  if (item.doubts.length === 0) return null;
  return <Badge tone="warn">{item.doubts.map((doubt) => t(`search.doubts.${doubt}`)).join(", ")}</Badge>;
}
