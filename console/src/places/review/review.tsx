// What happened at …? Up to four cameras in step, the timeline beneath. Time, cameras, zoom and speed are in the address.

import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { History, PanelLeft } from "lucide-react";
import { type CSSProperties, type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient, useMay } from "../../api/context";
import { useCameras } from "../../api/queries";
import { useKnownCameras } from "../../api/storage";
import { useKeys } from "../../app/keys";
import { nameMoment } from "../../lib/save";
import type { PlaybackPlayer } from "../../media";
import { Button, IconToggle } from "../../parts/button";
import { EnhanceDialog } from "../../parts/enhance/enhance-dialog";
import { SelectField } from "../../parts/field";
import { HoldDialog } from "../../parts/hold/hold-dialogs";
import { Empty } from "../../parts/misc";
import type { Span } from "../../parts/timeline/view";
import { CameraTree } from "../watch/tree";
import { ExportDialog } from "./export-dialog";
import { findNeighbour } from "./neighbours";
import styles from "./review.module.css";
import { ReviewTile, type Shown } from "./review-tile";
import { Legend, Rows } from "./rows";
import { Selected } from "./selected";
import { CAMERAS_AT_MOST, markEnd, markStart, readCameras, toggleCamera } from "./state";
import { Transport, type TransportActs } from "./transport";
import { useAddress } from "./use-address";
import { useTravel } from "./use-travel";
import { WhenField } from "./when-field";

const route = getRouteApi("/app/review");
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
  const [selection, setSelection] = useState<Span | null>(null);
  const [isExporting, setExporting] = useState(false);
  const [isHolding, setHolding] = useState(false);
  const [still, setStill] = useState<{ camera: Shown; at: string } | null>(null);
  const [note, setNote] = useState("");
  const clearNote = useCallback(() => setNote(""), []);
  const travel = useTravel(search, clearNote);
  const { clock, face, span, reverse, seek } = travel;
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

  const acts: TransportActs = {
    ...travel,
    step: (frames) => {
      travel.endReverse();
      for (const player of players.current.values()) player.current?.step(frames);
    },
    neighbour: (direction) => {
      if (!clock) return;
      setNote("");
      findNeighbour(client, ids, clock.nowMs, direction).then(
        (event) => (event ? seek(Date.parse(event.from)) : setNote(t("review.noEvent"))),
        () => setNote(t("alarms.failed")),
      );
    },
    download: may("recording.export") && cameras.length > 0 ? () => setExporting(true) : null,
  };

  /** Stops at the picture that a tile shows and looks at it closer. */
  const enhance = (camera: Shown) => {
    if (!clock || clock.nowMs === 0) return;
    travel.pause();
    const atMs = players.current.get(camera.id)?.current?.wallMs ?? clock.nowMs;
    setStill({ camera, at: new Date(atMs).toISOString() });
  };
  const mayHold = may("hold.manage") && cameras.length > 0;
  const chosenRange = (): Span =>
    selection ?? { fromMs: (clock?.nowMs ?? 0) - AROUND_MS, toMs: (clock?.nowMs ?? 0) + AROUND_MS };

  useKeys({
    Space: acts.toggle,
    j: () => travel.shuttleBy(-1),
    k: travel.pause,
    l: () => travel.shuttleBy(1),
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
          onSpan={travel.setSpan}
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
