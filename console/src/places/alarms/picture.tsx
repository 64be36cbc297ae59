// The picture of an event with its box, and the two files that people take from it: the frame with the result drawn on it,
// and the object alone. Both are made here, of the picture that this person may see.

import { Crop, Download, ImageOff, ScanSearch } from "lucide-react";
import { type RefObject, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Happening } from "../../api/types";
import { formatClock, formatDay, formatNumber, formatOffset } from "../../lib/format";
import { nameMoment, saveBlob } from "../../lib/save";
import { Button } from "../../parts/button";
import { type Part, WHOLE } from "../../parts/enhance/crop";
import { EnhanceDialog } from "../../parts/enhance/enhance-dialog";
import { useWords } from "../../parts/words";
import styles from "./detail.module.css";

export type Box = [left: number, top: number, right: number, bottom: number];
type Size = [width: number, height: number];

const AIR = 0.05;
/** The server makes no smaller still pictures than 16 pixels a side. */
const LEAST_PX = 20;
const BOX_COLOUR = "#ffd33d";
const JPEG_QUALITY = 0.92;

/** The object with a little air, in whole pixels within the picture: left, top, width, height. Pure. */
export function objectCut([left, top, right, bottom]: Box, [width, height]: Size): [number, number, number, number] {
  const airX = (right - left) * AIR;
  const airY = (bottom - top) * AIR;
  const x = Math.max(0, Math.floor((left - airX) * width));
  const y = Math.max(0, Math.floor((top - airY) * height));
  const farX = Math.min(width, Math.ceil((right + airX) * width));
  const farY = Math.min(height, Math.ceil((bottom + airY) * height));
  return [x, y, Math.max(1, farX - x), Math.max(1, farY - y)];
}

/** What is enhanced first: the object, as it is cut out; the whole picture where there is none or it is tiny. Pure. */
export function firstPart(box: Box | null, size: Size): Part {
  if (!box) return WHOLE;
  const [x, y, width, height] = objectCut(box, size);
  if (Math.min(width, height) < LEAST_PX) return WHOLE;
  return { left: x / size[0], top: y / size[1], width: width / size[0], height: height / size[1] };
}

/** A file's name that sorts by camera and time and is one on every system. Pure. */
export function pictureName(event: Pick<Happening, "camera_name" | "from" | "kind">, part: string): string {
  const camera = event.camera_name.replaceAll(/[\\/:*?"<>|\s]+/g, " ").trim();
  return `${camera} ${nameMoment(Date.parse(event.from))} ${event.kind}${part}.jpg`.trim();
}

export function EventPicture({ event }: { event: Happening }) {
  const { t } = useTranslation();
  const [size, setSize] = useState<Size | null>(null);
  const image = useRef<HTMLImageElement>(null);
  if (!event.picture_url) {
    return (
      <div className={styles["picture"]}>
        <span className={styles["noPicture"]}>
          <ImageOff size={20} aria-hidden />
          {t("alarms.noPicture")}
        </span>
      </div>
    );
  }
  return (
    <div>
      <div className={styles["picture"]}>
        <img
          ref={image}
          src={event.picture_url}
          alt={t("alarms.picture")}
          onLoad={({ currentTarget }) => setSize([currentTarget.naturalWidth, currentTarget.naturalHeight])}
        />
        {size && event.box ? <BoxOver box={event.box as Box} size={size} /> : null}
      </div>
      {size ? <SaveButtons event={event} image={image} size={size} /> : null}
    </div>
  );
}

function SaveButtons({
  event,
  image,
  size,
}: {
  event: Happening;
  image: RefObject<HTMLImageElement | null>;
  size: Size;
}) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const [isEnhancing, setEnhancing] = useState(false);
  const box = event.box as Box | null;
  const caption = () => {
    const object = event.object_class ? words.objectClass(event.object_class) : "";
    const sure = event.confidence > 0 ? `${formatNumber(event.confidence * 100, i18n.language)} %` : "";
    const at = Date.parse(event.from);
    const when = `${formatDay(at, i18n.language)} ${formatClock(at, i18n.language)} ${formatOffset(at)}`;
    return [event.camera_name, when, words.kind(event.kind), object, sure].filter(Boolean).join(" · ");
  };
  const saveFrame = () => {
    if (image.current) saveCanvas(drawResult(image.current, size, box, caption()), pictureName(event, ""));
  };
  const saveObject = () => {
    if (image.current && box) {
      saveCanvas(drawObject(image.current, objectCut(box, size)), pictureName(event, " object"));
    }
  };
  return (
    <div className={styles["saves"]}>
      <Button small onPress={saveFrame}>
        <Download size={14} aria-hidden />
        {t("alarms.saveFrame")}
      </Button>
      {box ? (
        <Button small onPress={saveObject}>
          <Crop size={14} aria-hidden />
          {t("alarms.saveObject")}
        </Button>
      ) : null}
      <Button small onPress={() => setEnhancing(true)}>
        <ScanSearch size={14} aria-hidden />
        {t("enhance.open")}
      </Button>
      {isEnhancing ? (
        <EnhanceDialog
          source={{ event: event.id }}
          name={pictureName(event, "").replace(/\.jpg$/, "")}
          part={firstPart(box, size)}
          onClose={() => setEnhancing(false)}
        />
      ) : null}
    </div>
  );
}

function saveCanvas(canvas: HTMLCanvasElement, name: string): void {
  canvas.toBlob((content) => content && saveBlob(content, name), "image/jpeg", JPEG_QUALITY);
}

/** The frame, the box, and under the frame a line that says what it is: nothing of the picture is covered. */
function drawResult(
  image: HTMLImageElement,
  [width, height]: Size,
  box: Box | null,
  caption: string,
): HTMLCanvasElement {
  const letter = Math.max(12, Math.round(width / 52));
  const { canvas, pen } = makeCanvas(width, height + 2 * letter);
  pen.fillStyle = "#10151c";
  pen.fillRect(0, height, width, 2 * letter);
  pen.drawImage(image, 0, 0, width, height);
  if (box) {
    pen.strokeStyle = BOX_COLOUR;
    pen.lineWidth = Math.max(2, width / 320);
    pen.strokeRect(box[0] * width, box[1] * height, (box[2] - box[0]) * width, (box[3] - box[1]) * height);
  }
  pen.fillStyle = "#e8edf4";
  pen.font = `${letter}px system-ui, sans-serif`;
  pen.textBaseline = "middle";
  pen.fillText(caption, letter / 2, height + letter, width - letter);
  return canvas;
}

function drawObject(
  image: HTMLImageElement,
  [x, y, width, height]: [number, number, number, number],
): HTMLCanvasElement {
  const { canvas, pen } = makeCanvas(width, height);
  pen.drawImage(image, x, y, width, height, 0, 0, width, height);
  return canvas;
}

function makeCanvas(width: number, height: number): { canvas: HTMLCanvasElement; pen: CanvasRenderingContext2D } {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser has no 2D canvas");
  return { canvas, pen };
}

function BoxOver({ box: [x1, y1, x2, y2], size: [width, height] }: { box: Box; size: Size }) {
  return (
    <svg viewBox={`0 0 ${width} ${height}`} aria-hidden>
      <rect
        x={x1 * width}
        y={y1 * height}
        width={(x2 - x1) * width}
        height={(y2 - y1) * height}
        strokeWidth={width / 220}
        rx={width / 200}
      />
    </svg>
  );
}
