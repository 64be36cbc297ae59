// The timeline: canvas rows that zoom about the pointer, pan by drag, seek by click, select by Shift and drag.
// The playhead moves without rendering React.

import {
  type PointerEvent as ReactPointerEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { urlOf } from "../../api/http";
import { formatMoment } from "../../lib/format";
import type { SyncClock } from "../../media";
import { useEachFrame } from "../clip/use-playback";
import { useWords } from "../words";
import { drawTimeline, type HeldSpan, RULER_PX, readPalette, rowTop, type TimelineData } from "./draw";
import { findUnder, type Under } from "./hover";
import styles from "./timeline.module.css";
import { lengthMs, pan, type Span, timeAt, xOf, zoomAbout } from "./view";

export interface TimelineProps {
  cameras: readonly { id: string; name: string }[];
  data: TimelineData | undefined;
  holds: readonly HeldSpan[];
  span: Span;
  selection: Span | null;
  clock: SyncClock | null;
  onSpan: (span: Span) => void;
  onSeek: (ms: number) => void;
  onSelect: (selection: Span | null) => void;
}

const CLICK_PX = 4;
const WHEEL_FACTOR = 1.0018;

interface Drag {
  startX: number;
  span: Span;
  selects: boolean;
  moved: boolean;
}

export function Timeline(props: TimelineProps) {
  const { cameras, data, holds, span, selection, clock } = props;
  const { t, i18n } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const widthPx = useWidth(box);
  const rowPx = cameras.length > 2 ? 30 : 38;
  const heightPx = rowTop(cameras.length, rowPx);
  const [under, setUnder] = useState<{ x: number; found: Under } | null>(null);
  const pointers = usePointers(props, widthPx, rowPx, setUnder);
  useWheel(box, span, widthPx, props.onSpan);

  useLayoutEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext("2d");
    if (!element || !pen || widthPx === 0) return;
    const ratio = window.devicePixelRatio || 1;
    element.width = Math.round(widthPx * ratio);
    element.height = Math.round(heightPx * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const ids = cameras.map((camera) => camera.id);
    const palette = readPalette(element);
    drawTimeline(pen, {
      widthPx,
      rowPx,
      span,
      cameras: ids,
      data,
      holds,
      nowMs: Date.now(),
      selection,
      locale: i18n.language,
      palette,
    });
  }, [cameras, data, holds, span, selection, widthPx, heightPx, rowPx, i18n.language]);

  return (
    <div className={styles["timeline"]}>
      <div className={styles["names"]} style={{ paddingTop: RULER_PX }}>
        {cameras.map((camera) => (
          <div key={camera.id} className="truncate" style={{ height: rowPx, lineHeight: `${rowPx}px` }}>
            {camera.name}
          </div>
        ))}
      </div>
      <div
        ref={box}
        className={styles["area"]}
        style={{ height: heightPx }}
        role="slider"
        tabIndex={0}
        aria-label={t("review.timeline")}
        aria-description={t("review.timelineHelp")}
        aria-valuemin={Math.round(span.fromMs)}
        aria-valuemax={Math.round(span.toMs)}
        aria-valuenow={Math.round(clock?.nowMs ?? span.fromMs)}
        aria-valuetext={formatMoment(clock?.nowMs ?? span.fromMs, Date.now(), i18n.language)}
        {...pointers}
      >
        <canvas ref={canvas} style={{ width: widthPx, height: heightPx }} aria-hidden />
        <Playhead clock={clock} span={span} widthPx={widthPx} heightPx={heightPx} />
        {under ? <Hover under={under.found} x={under.x} widthPx={widthPx} /> : null}
      </div>
    </div>
  );
}

function useWidth(box: RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, [box]);
  return width;
}

/** React's wheel listeners are passive; this one keeps the page from scrolling. */
function useWheel(
  box: RefObject<HTMLDivElement | null>,
  span: Span,
  widthPx: number,
  onSpan: (span: Span) => void,
): void {
  const latest = useRef({ span, widthPx, onSpan });
  latest.current = { span, widthPx, onSpan };
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const now = latest.current;
      const unit = event.deltaMode === 1 ? 16 : 1;
      const left = element.getBoundingClientRect().left;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        now.onSpan(pan(now.span, (event.deltaX * unit * lengthMs(now.span)) / now.widthPx));
        return;
      }
      const about = timeAt(event.clientX - left, now.span, now.widthPx);
      now.onSpan(zoomAbout(now.span, about, WHEEL_FACTOR ** (event.deltaY * unit)));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [box]);
}

function usePointers(
  { cameras, data, holds, span, onSpan, onSeek, onSelect }: TimelineProps,
  widthPx: number,
  rowPx: number,
  setUnder: (under: { x: number; found: Under } | null) => void,
) {
  const drag = useRef<Drag | null>(null);
  const touches = useRef(new Map<number, number>());
  const pinch = useRef<{ span: Span; apart: number; about: number } | null>(null);
  const at = (event: ReactPointerEvent) => {
    const place = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - place.left, row: Math.floor((event.clientY - place.top - RULER_PX) / rowPx) };
  };
  const startPinch = () => {
    const [a = 0, b = 0] = [...touches.current.values()];
    pinch.current = { span, apart: Math.max(20, Math.abs(a - b)), about: timeAt((a + b) / 2, span, widthPx) };
    drag.current = null;
  };
  return {
    onPointerDown: (event: ReactPointerEvent<HTMLDivElement>) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      const { x } = at(event);
      touches.current.set(event.pointerId, x);
      if (touches.current.size === 2) startPinch();
      else drag.current = { startX: x, span, selects: event.shiftKey, moved: false };
    },
    onPointerMove: (event: ReactPointerEvent<HTMLDivElement>) => {
      const { x, row } = at(event);
      if (touches.current.has(event.pointerId)) touches.current.set(event.pointerId, x);
      if (pinch.current && touches.current.size === 2) {
        const [a = 0, b = 0] = [...touches.current.values()];
        onSpan(zoomAbout(pinch.current.span, pinch.current.about, pinch.current.apart / Math.max(20, Math.abs(a - b))));
        return;
      }
      const held = drag.current;
      if (!held) {
        const ids = cameras.map((camera) => camera.id);
        setUnder({ x, found: findUnder({ xPx: x, row, span, widthPx, cameras: ids }, data, holds) });
        return;
      }
      held.moved ||= Math.abs(x - held.startX) > CLICK_PX;
      if (!held.moved) return;
      setUnder(null);
      if (held.selects) {
        const [a, b] = [timeAt(held.startX, held.span, widthPx), timeAt(x, held.span, widthPx)];
        onSelect({ fromMs: Math.min(a, b), toMs: Math.max(a, b) });
      } else {
        onSpan(pan(held.span, ((held.startX - x) * lengthMs(held.span)) / widthPx));
      }
    },
    onPointerUp: (event: ReactPointerEvent<HTMLDivElement>) => {
      const { x } = at(event);
      touches.current.delete(event.pointerId);
      if (touches.current.size < 2) pinch.current = null;
      const held = drag.current;
      drag.current = null;
      if (held && !held.moved) {
        if (held.selects) onSelect(null);
        else onSeek(timeAt(x, span, widthPx));
      }
    },
    onPointerCancel: (event: ReactPointerEvent<HTMLDivElement>) => {
      touches.current.delete(event.pointerId);
      drag.current = null;
      pinch.current = null;
    },
    onPointerLeave: () => setUnder(null),
  };
}

function Playhead({
  clock,
  span,
  widthPx,
  heightPx,
}: {
  clock: SyncClock | null;
  span: Span;
  widthPx: number;
  heightPx: number;
}) {
  const line = useRef<HTMLDivElement>(null);
  useEachFrame(clock, (nowMs) => {
    if (!line.current) return;
    const x = xOf(nowMs, span, widthPx);
    line.current.style.transform = `translateX(${x}px)`;
    line.current.style.visibility = x < 0 || x > widthPx ? "hidden" : "visible";
  });
  return <div ref={line} className={styles["playhead"]} style={{ height: heightPx }} aria-hidden />;
}

const THUMB_DELAY_MS = 200;

function Hover({ under, x, widthPx }: { under: Under; x: number; widthPx: number }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const picture = useSettled(
    under.camera && under.isCovered ? `${under.camera} ${Math.round(under.ms)}` : "",
    THUMB_DELAY_MS,
  );
  const [camera = "", ms = ""] = picture.split(" ");
  const left = Math.min(widthPx - 100, Math.max(100, x));
  return (
    <div className={styles["hover"]} style={{ left }} aria-hidden>
      {picture && under.isCovered ? (
        <img
          key={picture}
          src={urlOf(`/cameras/${camera}/thumbnail.jpg`, { at: new Date(Number(ms)).toISOString(), width: 320 })}
          alt=""
          onError={(event) => event.currentTarget.remove()}
        />
      ) : null}
      <span className={styles["hoverTime"]}>{formatMoment(under.ms, Date.now(), i18n.language)}</span>
      {under.gapReason ? (
        <span className={styles["hoverGap"]}>
          {t("review.noFootageReason", { reason: words.gap(under.gapReason) })}
        </span>
      ) : null}
      {under.heldReason === null ? null : (
        <span className={styles["hoverHeld"]}>{t("review.heldReason", { reason: under.heldReason })}</span>
      )}
      {under.event ? <span className={styles["hoverEvent"]}>{words.kind(under.event.kind)}</span> : null}
    </div>
  );
}

/** The value once it has not changed for a while. */
function useSettled(value: string, delayMs: number): string {
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return settled;
}
