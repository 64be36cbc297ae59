// What happened at …? Up to four cameras in step, the timeline beneath. Time, cameras, zoom and speed are in the address.

import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { History, Lock, PackageOpen, PanelLeft, ScanSearch, X } from "lucide-react";
import { type CSSProperties, type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient, useMay } from "../../api/context";
import { useCameras, useTimeline } from "../../api/queries";
import { useHolds, useKnownCameras } from "../../api/storage";
import { useFeed } from "../../app/feed";
import { useKeys } from "../../app/keys";
import { formatLength } from "../../lib/format";
import { isoRange } from "../../lib/range";
import { nameMoment } from "../../lib/save";
import type { PlaybackPlayer, SyncClock } from "../../media";
import { Button, IconButton, IconToggle } from "../../parts/button";
import { PlaybackWord } from "../../parts/clip/playback-word";
import { useClock, useEachFrame, usePlayback } from "../../parts/clip/use-playback";
import { EnhanceDialog } from "../../parts/enhance/enhance-dialog";
import { SelectField } from "../../parts/field";
import { HoldDialog } from "../../parts/hold/hold-dialogs";
import { Empty } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { EnhancedPicture, EnhanceToggle } from "../../parts/tile/enhanced";
import { useEnhanced } from "../../parts/tile/use-enhanced";
import { Timeline } from "../../parts/timeline/timeline";
import { fetchSpan, follow, lengthMs, type Span, zoomAbout } from "../../parts/timeline/view";
import { CameraTree } from "../watch/tree";
import { ExportDialog } from "./export-dialog";
import { findNeighbour } from "./neighbours";
import styles from "./review.module.css";
import {
  CAMERAS_AT_MOST,
  markEnd,
  markStart,
  readCameras,
  readReview,
  shuttle,
  spanAround,
  toggleCamera,
} from "./state";
import { Transport, type TransportActs } from "./transport";
import { WhenField } from "./when-field";

const route = getRouteApi("/app/review");

/** What of a camera is needed here. */
interface Shown {
  id: string;
  name: string;
}

const ADDRESS_DELAY_MS = 400;
const REVERSE_TICK_MS = 400;
const EDGE_MS = 3000;
const AROUND_MS = 30_000;

export function ReviewPlace() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = useNavigate();
  const may = useMay();
  const client = useClient();
  const { data: all } = useCameras(may("camera.view"));
  const known = useKnownCameras();
  const searchField = useRef<HTMLInputElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const players = useRef(new Map<string, RefObject<PlaybackPlayer | null>>());
  const { clock, face } = useClock();
  const [state] = useState(() => readReview(search, Date.now()));
  const [span, setSpan] = useState<Span>(state.span);
  const [selection, setSelection] = useState<Span | null>(null);
  const [reverse, setReverse] = useState(0);
  const [isExporting, setExporting] = useState(false);
  const [isHolding, setHolding] = useState(false);
  const [still, setStill] = useState<{ camera: Shown; at: string } | null>(null);
  const [note, setNote] = useState("");
  const isNarrow = window.matchMedia("(max-width: 860px)").matches;
  const [isTreeOn, setTreeOn] = useState(!isNarrow);

  const ids = useMemo(() => readCameras(search.cameras), [search.cameras]);
  const cameras = useMemo(
    // A link may bring a camera that is gone.
    () => ids.map((id) => known?.find((camera) => camera.id === id) ?? { id, name: "–" }),
    [known, ids],
  );

  // The place opened without a camera shows the first one: a black page answers nothing.
  useEffect(() => {
    const first = known?.[0];
    if (!search.cameras && first)
      void navigate({ to: "/review", search: { ...search, cameras: first.id }, replace: true });
  }, [known, search, navigate]);

  useAddress(clock, span, face.speed);

  const seek = useCallback(
    (ms: number) => {
      if (!clock) return;
      const wanted = Math.min(ms, Date.now() - EDGE_MS);
      setReverse(0);
      setNote("");
      clock.seek(wanted);
      setSpan((before) => follow(before, wanted));
    },
    [clock],
  );

  // Once, when the clock is there: to the moment of the address, playing.
  useEffect(() => {
    if (!clock) return;
    clock.seek(state.atMs);
    clock.setSpeed(state.speed);
    clock.play();
  }, [clock, state]);

  // Back and forward of the browser, or a link opened while here.
  const shownAt = useRef(search.at);
  useEffect(() => {
    if (search.at === shownAt.current || !search.at || !clock) return;
    shownAt.current = search.at;
    const ms = Date.parse(search.at);
    if (Number.isFinite(ms) && Math.abs(ms - clock.nowMs) > 5000) seek(ms);
  }, [search.at, clock, seek]);

  useEffect(() => {
    if (reverse === 0 || !clock) return;
    clock.pause();
    const timer = setInterval(() => clock.seek(clock.nowMs - reverse * REVERSE_TICK_MS), REVERSE_TICK_MS);
    return () => clearInterval(timer);
  }, [reverse, clock]);

  // The view follows a film that plays out of it, never a user who moved the view away.
  const lastFrame = useRef({ span, nowMs: 0 });
  useEachFrame(clock, (nowMs) => {
    const last = lastFrame.current;
    lastFrame.current = { span, nowMs };
    const playedOut = last.span === span && last.nowMs <= span.toMs && nowMs > span.toMs;
    if (clock?.isPlaying && playedOut) setSpan((before) => follow(before, nowMs));
  });

  const acts: TransportActs = {
    toggle: () => {
      if (reverse !== 0) setReverse(0);
      else if (clock?.isPlaying) clock.pause();
      else clock?.play();
    },
    step: (frames) => {
      setReverse(0);
      for (const player of players.current.values()) player.current?.step(frames);
    },
    jump: (ms) => clock && seek(clock.nowMs + ms),
    neighbour: (direction) => {
      if (!clock) return;
      setNote("");
      findNeighbour(client, ids, clock.nowMs, direction).then(
        (event) => (event ? seek(Date.parse(event.from)) : setNote(t("review.noEvent"))),
        () => setNote(t("alarms.failed")),
      );
    },
    setSpeed: (speed) => clock?.setSpeed(speed),
    newest: () => {
      seek(Date.now() - EDGE_MS);
      setSpan((before) => spanAround(Date.now(), lengthMs(before), Date.now()));
      clock?.play();
    },
    zoom: (factor) => setSpan((before) => zoomAbout(before, clock?.nowMs ?? (before.fromMs + before.toMs) / 2, factor)),
    setLength: (ms) => clock && setSpan(spanAround(clock.nowMs, ms, Date.now())),
    download: may("recording.export") && cameras.length > 0 ? () => setExporting(true) : null,
  };

  /** Stops at the picture that a tile shows and looks at it closer. */
  const enhance = (camera: Shown) => {
    if (!clock || clock.nowMs === 0) return;
    setReverse(0);
    clock.pause();
    const atMs = players.current.get(camera.id)?.current?.wallMs ?? clock.nowMs;
    setStill({ camera, at: new Date(atMs).toISOString() });
  };
  const mayHold = may("hold.manage") && cameras.length > 0;
  const chosenRange = (): Span =>
    selection ?? { fromMs: (clock?.nowMs ?? 0) - AROUND_MS, toMs: (clock?.nowMs ?? 0) + AROUND_MS };
  const shuttleBy = (direction: 1 | -1) => {
    if (!clock) return;
    const rate = reverse !== 0 ? -reverse : clock.isPlaying ? clock.speed : 0;
    const next = shuttle(rate, direction);
    setReverse(next < 0 ? -next : 0);
    if (next > 0) {
      clock.setSpeed(next);
      clock.play();
    }
  };

  useKeys({
    Space: acts.toggle,
    j: () => shuttleBy(-1),
    k: () => {
      setReverse(0);
      clock?.pause();
    },
    l: () => shuttleBy(1),
    ",": () => acts.step(-1),
    ".": () => acts.step(1),
    ArrowLeft: () => acts.jump(-10_000),
    ArrowRight: () => acts.jump(10_000),
    n: () => acts.neighbour(1),
    p: () => acts.neighbour(-1),
    "+": () => acts.zoom(0.5),
    "=": () => acts.zoom(0.5),
    "-": () => acts.zoom(2),
    e: () => acts.download?.(),
    s: () => cameras[0] && enhance(cameras[0]),
    h: () => mayHold && setHolding(true),
    "[": () => clock && setSelection(markStart(selection, clock.nowMs)),
    "]": () => clock && setSelection(markEnd(selection, clock.nowMs)),
    f: () => void (document.fullscreenElement ? document.exitFullscreen() : stage.current?.requestFullscreen()),
    t: () => setTreeOn(!isTreeOn),
    "/": () => {
      setTreeOn(true);
      setTimeout(() => searchField.current?.focus());
    },
    Escape: () => (selection ? setSelection(null) : isNarrow && isTreeOn ? setTreeOn(false) : undefined),
  });

  const choose = (id: string) =>
    void navigate({
      to: "/review",
      search: (before) => ({ ...before, cameras: toggleCamera(ids, id).join(",") }),
      replace: true,
    });
  const side = cameras.length > 1 ? 2 : 1;
  return (
    <div className={styles["review"]} data-tree={isTreeOn ? "on" : "off"}>
      <h1 className="visually-hidden">{t("places.review")}</h1>
      {isTreeOn && may("camera.view") ? (
        <div className={styles["tree"]}>
          <CameraTree ref={searchField} cameras={all} shown={ids} onChoose={choose} />
        </div>
      ) : null}
      <div className={styles["bar"]}>
        {may("camera.view") ? (
          <IconToggle label={t("watch.treeToggle")} hotkey="T" isSelected={isTreeOn} onChange={setTreeOn}>
            <PanelLeft size={17} aria-hidden />
          </IconToggle>
        ) : null}
        <WhenField clock={clock} onSeek={seek} />
        {note ? (
          <span className={styles["note"]} role="status">
            {note}
          </span>
        ) : null}
        {may("camera.view") ? null : (
          <SelectField
            label={t("review.camera")}
            hidesLabel
            value={ids[0] ?? ""}
            onChange={choose}
            options={known ? known.map(({ id, name }) => ({ id, label: name })) : []}
          />
        )}
        <Selected
          selection={selection}
          onClear={() => setSelection(null)}
          onHold={mayHold ? () => setHolding(true) : null}
          onExport={acts.download}
        />
      </div>
      <div
        ref={stage}
        className={styles["stage"]}
        style={{ "--side": side, "--rows": cameras.length > 2 ? 2 : 1 } as CSSProperties}
      >
        {cameras.map((camera) => (
          <ReviewTile
            key={camera.id}
            camera={camera}
            clock={clock}
            stream={cameras.length > 1 ? "auto" : "main"}
            players={players.current}
            onEnhance={() => enhance(camera)}
            {...(cameras.length > 1 ? { onRemove: () => choose(camera.id) } : {})}
          />
        ))}
        {cameras.length === 0 ? (
          <Empty icon={<History size={32} strokeWidth={1.5} aria-hidden />} title={t("review.chooseCamera")}>
            <p>{may("camera.view") ? t("review.chooseLead", { count: CAMERAS_AT_MOST }) : t("review.fromEvent")}</p>
            {isTreeOn || !may("camera.view") ? null : (
              <Button onPress={() => setTreeOn(true)}>{t("review.openTree")}</Button>
            )}
          </Empty>
        ) : null}
      </div>
      <div className={styles["below"]}>
        <Transport acts={acts} face={face} reverse={reverse} />
        <Rows
          cameras={cameras}
          span={span}
          selection={selection}
          clock={clock}
          onSpan={setSpan}
          onSeek={seek}
          onSelect={setSelection}
        />
        <Legend />
      </div>
      {isExporting ? (
        <ExportDialog cameras={cameras} range={chosenRange()} onClose={() => setExporting(false)} />
      ) : null}
      {still ? (
        <EnhanceDialog
          source={{ camera: still.camera.id, at: still.at }}
          name={`${still.camera.name} ${nameMoment(Date.parse(still.at))}`}
          onClose={() => setStill(null)}
        />
      ) : null}
      {isHolding ? (
        <HoldDialog
          cameras={cameras}
          chosen={cameras.map((camera) => camera.id)}
          range={chosenRange()}
          onClose={() => setHolding(false)}
        />
      ) : null}
    </div>
  );
}

/** Keeps time, zoom and speed in the address, after they have come to rest. */
function useAddress(clock: SyncClock | null, span: Span, speed: number): void {
  const navigate = useNavigate();
  const search = route.useSearch();
  const latest = useRef(search);
  latest.current = search;
  const write = useCallback(() => {
    if (!clock || clock.nowMs === 0) return;
    const next = {
      ...latest.current,
      at: new Date(clock.nowMs).toISOString(),
      ...isoRange(span),
      ...(speed === 1 ? { speed: undefined } : { speed: String(speed) }),
    };
    void navigate({ to: "/review", search: next, replace: true });
  }, [clock, navigate, span, speed]);
  useEffect(() => {
    const timer = setTimeout(write, ADDRESS_DELAY_MS);
    return () => clearTimeout(timer);
  }, [write]);
  useEffect(() => {
    const timer = setInterval(() => clock && !document.hidden && write(), 5000);
    return () => clearInterval(timer);
  }, [clock, write]);
}

interface RowsProps {
  cameras: readonly Shown[];
  span: Span;
  selection: Span | null;
  clock: SyncClock | null;
  onSpan: (span: Span) => void;
  onSeek: (ms: number) => void;
  onSelect: (selection: Span | null) => void;
}

const BUCKETS_PER_VIEW = 600;

function Rows(props: RowsProps) {
  const { t } = useTranslation();
  const { cameras, span } = props;
  const wide = fetchSpan(span);
  const buckets = Math.min(4000, Math.round((BUCKETS_PER_VIEW * lengthMs(wide)) / lengthMs(span)));
  const raster = Math.round(buckets / 100) * 100;
  const timeline = useTimeline(
    cameras.map((camera) => camera.id),
    wide.fromMs,
    wide.toMs,
    raster,
  );
  const { refetch } = timeline;
  const { data: held } = useHolds();
  const holds = useMemo(
    () =>
      (held ?? []).map((hold) => ({
        camera: hold.camera_id,
        fromMs: Date.parse(hold.from),
        toMs: Date.parse(hold.to),
        reason: hold.reason,
      })),
    [held],
  );
  useFeed((event) => {
    if (cameras.some((camera) => camera.id === event.camera_id)) void refetch();
  });
  if (timeline.error && !timeline.data) {
    return (
      <div className={styles["failed"]}>
        <ProblemNote error={timeline.error} what={t("review.timelineFailed")} />
      </div>
    );
  }
  return <Timeline {...props} data={timeline.data} holds={holds} />;
}

interface SelectedProps {
  selection: Span | null;
  onClear: () => void;
  onHold: (() => void) | null;
  onExport: (() => void) | null;
}

function Selected({ selection, onClear, onHold, onExport }: SelectedProps) {
  const { t } = useTranslation();
  if (!selection) return null;
  return (
    <span className={styles["selected"]}>
      {t("review.selected", { length: formatLength(lengthMs(selection)) })}
      {onExport ? (
        <Button small onPress={onExport}>
          <PackageOpen size={14} aria-hidden />
          {t("export.open")}
        </Button>
      ) : null}
      {onHold ? (
        <Button small onPress={onHold}>
          <Lock size={14} aria-hidden />
          {t("hold.add")}
        </Button>
      ) : null}
      <IconButton small label={t("review.clearSelection")} hotkey="Esc" onPress={onClear}>
        <X size={14} aria-hidden />
      </IconButton>
    </span>
  );
}

function Legend() {
  const { t } = useTranslation();
  return (
    <ul className={styles["legend"]} aria-hidden>
      {(["recording", "motion", "event", "held", "gap"] as const).map((kind) => (
        <li key={kind}>
          <span data-kind={kind} />
          {t(`review.legend.${kind}`)}
        </li>
      ))}
      <li className={styles["help"]}>{t("review.timelineHelp")}</li>
    </ul>
  );
}

interface ReviewTileProps {
  camera: Shown;
  clock: SyncClock | null;
  stream: "auto" | "main";
  players: Map<string, RefObject<PlaybackPlayer | null>>;
  onEnhance: () => void;
  onRemove?: () => void;
}

function ReviewTile({ camera, clock, stream, players, onEnhance, onRemove }: ReviewTileProps) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const { state, player } = usePlayback(video, camera.id, stream, clock);
  useEffect(() => {
    players.set(camera.id, player);
    return () => void players.delete(camera.id);
  }, [players, camera.id, player]);
  const hasPicture = state.state === "playing" || state.state === "paused" || state.state === "loading";
  const enhanced = useEnhanced(video, camera.id, player, hasPicture);
  return (
    <figure
      className={styles["tile"]}
      aria-label={[camera.name, ...(enhanced.state?.word === "on" ? [t("tile.enhanced.label")] : [])].join(", ")}
      data-camera={camera.id}
      data-state={state.state}
      data-enhanced={enhanced.state?.word}
    >
      <video ref={video} muted playsInline data-visible={hasPicture || undefined} />
      <EnhancedPicture enhanced={enhanced} />
      <PlaybackWord state={state} camera={camera.id} clock={clock} />
      <figcaption className={styles["tileName"]}>
        <span className="truncate">{camera.name}</span>
        {hasPicture ? (
          <>
            <EnhanceToggle enhanced={enhanced} />
            <IconButton small label={t("enhance.open")} hotkey="S" onPress={onEnhance}>
              <ScanSearch size={14} aria-hidden />
            </IconButton>
          </>
        ) : null}
        {onRemove ? (
          <IconButton small label={t("review.removeCamera")} onPress={onRemove}>
            <X size={14} aria-hidden />
          </IconButton>
        ) : null}
      </figcaption>
    </figure>
  );
}
