// A still picture beside the same enlarged by super-resolution, under one slider. What is estimated is called so wherever
// it is shown, and in the file that leaves; the picture as recorded is always beside it.

import { useQuery } from "@tanstack/react-query";
import { Download, Maximize } from "lucide-react";
import { type CSSProperties, type PointerEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "../../api/context";
import { unwrap } from "../../api/http";
import { saveBlob } from "../../lib/save";
import { Button } from "../button";
import { Dialog } from "../dialog";
import { ProblemNote } from "../problem-note";
import { cropText, isWhole, type Part, partBetween, partOfPart, type Spot, WHOLE } from "./crop";
import styles from "./enhance-dialog.module.css";

/** What is looked at: a moment of a camera's recording, or the picture of an event. */
export type StillSource = { camera: string; at: string } | { event: string };

interface EnhanceProps {
  source: StillSource;
  /** First part of the files' names: camera and time. */
  name: string;
  /** What is shown first. */
  part?: Part;
  onClose: () => void;
}

export function EnhanceDialog({ source, name, part: first = WHOLE, onClose }: EnhanceProps) {
  const { t } = useTranslation();
  const [part, setPart] = useState<Part>(first);
  const recorded = useStill(source, part, "1", true);
  const enhanced = useStill(source, part, "2", recorded.isSuccess);
  const error = recorded.error ?? enhanced.error;
  const save = (picture: Blob | undefined, mark: string) => picture && saveBlob(picture, `${name}${mark}.jpg`);
  return (
    <Dialog
      title={t("enhance.title")}
      onClose={onClose}
      isWide
      actions={
        <>
          <Button onPress={() => save(recorded.data, "")} isDisabled={!recorded.data}>
            <Download size={15} aria-hidden />
            {t("enhance.saveRecorded")}
          </Button>
          <Button onPress={() => save(enhanced.data, " enhanced")} isDisabled={!enhanced.data}>
            <Download size={15} aria-hidden />
            {t("enhance.saveEnhanced")}
          </Button>
          <Button look="primary" onPress={onClose}>
            {t("common.close")}
          </Button>
        </>
      }
    >
      <p className={styles["lead"]}>{t("enhance.lead")}</p>
      <Compare
        recorded={recorded.data}
        enhanced={enhanced.data}
        isBusy={recorded.isFetching || enhanced.isFetching}
        onChoose={(inner) => setPart(partOfPart(part, inner))}
      />
      <div className={styles["below"]}>
        <span className="muted">{t("enhance.choose")}</span>
        {isWhole(part) ? null : (
          <Button small onPress={() => setPart(WHOLE)}>
            <Maximize size={14} aria-hidden />
            {t("enhance.whole")}
          </Button>
        )}
      </div>
      {error ? <ProblemNote error={error} what={t("enhance.failed")} /> : null}
    </Dialog>
  );
}

/** Asked for one after the other, `enabled` by the one before: the server makes one at a time. */
function useStill(source: StillSource, part: Part, enhance: "1" | "2", enabled: boolean) {
  const client = useClient();
  const crop = cropText(part);
  return useQuery({
    queryKey: ["still", source, crop, enhance],
    enabled,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    queryFn: async (): Promise<Blob> => {
      const query = { enhance, ...(crop ? { crop } : {}) };
      const parseAs = "blob" as const;
      const asked =
        "event" in source
          ? client.GET("/api/v1/events/{event_id}/still.jpg", {
              params: { path: { event_id: source.event }, query },
              parseAs,
            })
          : client.GET("/api/v1/cameras/{camera_id}/still.jpg", {
              params: { path: { camera_id: source.camera }, query: { ...query, at: source.at } },
              parseAs,
            });
      return (await unwrap(asked as Promise<{ data?: unknown; error?: unknown; response: Response }>)) as Blob;
    },
  });
}

interface CompareProps {
  recorded: Blob | undefined;
  enhanced: Blob | undefined;
  isBusy: boolean;
  onChoose: (part: Part) => void;
}

function Compare({ recorded, enhanced, isBusy, onChoose }: CompareProps) {
  const { t } = useTranslation();
  const [split, setSplit] = useState(50);
  const below = useObjectUrl(recorded);
  const above = useObjectUrl(enhanced);
  const drag = useDrag(onChoose);
  const [ratio, setRatio] = useState(16 / 9);
  const shape = { "--split": `${split}%`, "--ratio": ratio } as CSSProperties;
  return (
    <div className={styles["compare"]}>
      <div className={styles["pictures"]} style={shape} {...drag.handlers}>
        {below ? (
          <img
            src={below}
            alt={t("enhance.recorded")}
            draggable={false}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setRatio(naturalWidth / naturalHeight)}
          />
        ) : null}
        {above ? (
          <>
            <img className={styles["enhanced"]} src={above} alt={t("enhance.enhanced")} draggable={false} />
            <span className={styles["divider"]} aria-hidden />
          </>
        ) : null}
        {drag.part ? <span className={styles["chosen"]} style={boxOf(drag.part)} aria-hidden /> : null}
        {isBusy ? (
          <span className={styles["busy"]} role="status">
            {t("enhance.busy")}
          </span>
        ) : null}
      </div>
      <label className={styles["slider"]}>
        <span>{t("enhance.recorded")}</span>
        <input
          type="range"
          min={0}
          max={100}
          value={split}
          aria-label={t("enhance.slider")}
          onChange={({ target }) => setSplit(Number(target.value))}
        />
        <span className={styles["estimated"]}>{t("enhance.enhanced")}</span>
      </label>
    </div>
  );
}

const percent = (share: number): string => `${share * 100}%`;

function boxOf({ left, top, width, height }: Part): CSSProperties {
  return { left: percent(left), top: percent(top), width: percent(width), height: percent(height) };
}

/** Drawing a rectangle on an element with the pointer. */
function useDrag(onChoose: (part: Part) => void) {
  const from = useRef<Spot | null>(null);
  const [part, setPart] = useState<Part | null>(null);
  const spot = (event: PointerEvent<HTMLElement>): Spot => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  const end = () => {
    from.current = null;
    setPart(null);
  };
  const handlers = {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      from.current = spot(event);
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (from.current) setPart(partBetween(from.current, spot(event)));
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      const chosen = from.current ? partBetween(from.current, spot(event)) : null;
      end();
      if (chosen) onChoose(chosen);
    },
    onPointerCancel: end,
  };
  return { part, handlers };
}

/** An address of a picture in memory, for as long as it is shown. */
function useObjectUrl(content: Blob | undefined): string {
  const [url, setUrl] = useState("");
  useEffect(() => {
    if (!content) {
      setUrl("");
      return;
    }
    const made = URL.createObjectURL(content);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [content]);
  return url;
}
