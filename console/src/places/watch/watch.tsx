// What is happening now? Tiles of live cameras, the tree beside them. The layout is in the address and comes back.

import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Grid2x2, Grid3x3, LayoutGrid, Maximize, PanelLeft, ScanSearch, Square, Video } from "lucide-react";
import { type ComponentType, type CSSProperties, useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import { useCameras } from "../../api/queries";
import type { Camera } from "../../api/types";
import { useKeys } from "../../app/keys";
import { IconButton, IconToggle } from "../../parts/button";
import { Empty } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { EmptyTile, LiveTile } from "../../parts/tile/live-tile";
import { FirstRun } from "../first/first-run";
import {
  add,
  type Layout,
  layoutFor,
  place,
  readLayout,
  remove,
  SIDES,
  type Side,
  visibleSlots,
  writeLayout,
} from "./layout";
import { CameraTree } from "./tree";
import styles from "./watch.module.css";

const route = getRouteApi("/app/watch");
const STORED = "vedette.watch";

const ICONS: Record<Side, ComponentType<{ size?: number; "aria-hidden"?: boolean }>> = {
  1: Square,
  2: Grid2x2,
  3: Grid3x3,
  4: LayoutGrid,
};

function storedLayout(): Layout | null {
  const stored = new URLSearchParams(localStorage.getItem(STORED) ?? "");
  return readLayout(stored.get("grid") ?? undefined, stored.get("cameras") ?? undefined);
}

/** The layout to show: the address's, else the last one used, else all cameras there are. */
function chooseLayout(fromAddress: Layout | null, cameras: readonly Camera[]): Layout {
  if (fromAddress) return fromAddress;
  const known = new Set(cameras.map((camera) => camera.id));
  const stored = storedLayout();
  if (stored?.slots.some((id) => known.has(id))) return stored;
  return layoutFor(cameras.map((camera) => camera.id));
}

export function WatchPlace() {
  const { t } = useTranslation();
  const may = useMay();
  const { data: cameras, error } = useCameras();
  if (error && !cameras) return <ProblemNote error={error} what={t("watch.camerasFailed")} />;
  if (cameras?.length === 0) {
    return may("camera.configure") ? (
      <FirstRun />
    ) : (
      <Empty icon={<Video size={32} aria-hidden />} title={t("watch.noCameras")}>
        <p>{t("watch.askAdministrator")}</p>
      </Empty>
    );
  }
  return <Wall cameras={cameras} />;
}

function Wall({ cameras }: { cameras: readonly Camera[] | undefined }) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const may = useMay();
  const { t } = useTranslation();
  const searchField = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const byId = useMemo(() => new Map(cameras?.map((camera) => [camera.id, camera])), [cameras]);
  const layout = chooseLayout(readLayout(search.grid, search.cameras), cameras ?? []);
  const maximised = search.max && byId.has(search.max) ? search.max : null;
  const slots = visibleSlots(layout);

  const go = (change: Partial<typeof search>, replace = true) =>
    void navigate({ to: "/watch", search: { ...search, ...change }, replace });
  const show = (next: Layout) => go({ ...writeLayout(next), max: undefined });
  const maximise = (camera: string) =>
    go({ ...writeLayout(layout), max: maximised === camera ? undefined : camera }, false);
  const toggleTree = () => go({ tree: isTreeOn ? "off" : "on" });
  const toggleBoxes = () => go({ boxes: search.boxes ? undefined : "on" });
  const isNarrow = window.matchMedia("(max-width: 720px)").matches;
  const isTreeOn = search.tree ? search.tree === "on" : !isNarrow;
  const full = () => void (document.fullscreenElement ? document.exitFullscreen() : grid.current?.requestFullscreen());

  useEffect(() => {
    if (search.grid) localStorage.setItem(STORED, new URLSearchParams(writeLayout(layout)).toString());
  }, [search.grid, layout]);

  useKeys({
    ...Object.fromEntries(SIDES.map((side) => [String(side), () => show({ ...layout, side })])),
    t: toggleTree,
    b: toggleBoxes,
    f: full,
    "/": () => {
      if (!isTreeOn) toggleTree();
      setTimeout(() => searchField.current?.focus());
    },
    Escape: () => (maximised ? go({ max: undefined }) : isNarrow && isTreeOn ? toggleTree() : undefined),
  });

  const visible = maximised ? [maximised] : slots;
  return (
    <div className={styles["watch"]} data-tree={isTreeOn ? "on" : "off"}>
      <h1 className="visually-hidden">{t("places.watch")}</h1>
      {isTreeOn ? (
        <div className={styles["tree"]}>
          <CameraTree ref={searchField} cameras={cameras} shown={visible} onChoose={(id) => show(add(layout, id))} />
        </div>
      ) : null}
      <div className={styles["bar"]} role="toolbar" aria-label={t("watch.tools")}>
        <IconToggle label={t("watch.treeToggle")} hotkey="T" isSelected={isTreeOn} onChange={toggleTree}>
          <PanelLeft size={17} aria-hidden />
        </IconToggle>
        <div className={styles["layouts"]}>
          {SIDES.map((side) => {
            const Icon = ICONS[side];
            return (
              <IconToggle
                key={side}
                label={t("watch.layout", { side })}
                hotkey={String(side)}
                isSelected={layout.side === side && !maximised}
                onChange={() => show({ ...layout, side })}
              >
                <Icon size={17} aria-hidden />
              </IconToggle>
            );
          })}
        </div>
        <Online cameras={cameras} />
        <div className={styles["right"]}>
          <IconToggle label={t("watch.boxes")} hotkey="B" isSelected={Boolean(search.boxes)} onChange={toggleBoxes}>
            <ScanSearch size={17} aria-hidden />
          </IconToggle>
          <IconButton label={t("watch.full")} hotkey="F" onPress={full}>
            <Maximize size={17} aria-hidden />
          </IconButton>
        </div>
      </div>
      <div
        ref={grid}
        className={styles["grid"]}
        style={{ "--side": maximised ? 1 : layout.side } as CSSProperties}
        data-side={layout.side}
        data-maximised={maximised ? "" : undefined}
      >
        {visible.map((id, slot) => {
          const camera = byId.get(id);
          const drop = (dropped: string) => show(place(layout, dropped, slot));
          if (!camera) {
            // biome-ignore lint/suspicious/noArrayIndexKey: an empty tile is its place
            return <EmptyTile key={`empty-${slot}`} words={cameras ? t("watch.emptyTile") : ""} onDropCamera={drop} />;
          }
          return (
            <LiveTile
              key={id}
              camera={camera}
              isMaximised={maximised !== null}
              showsBoxes={Boolean(search.boxes)}
              onMaximise={() => maximise(id)}
              onRemove={() => (maximised ? go({ max: undefined }) : show(remove(layout, id)))}
              onDropCamera={drop}
              {...(may("recording.play")
                ? {
                    onReview: (wallMs: number) =>
                      void navigate({
                        to: "/review",
                        search: { cameras: id, at: new Date(wallMs - 10_000).toISOString() },
                      }),
                  }
                : {})}
            />
          );
        })}
      </div>
    </div>
  );
}

function Online({ cameras }: { cameras: readonly Camera[] | undefined }) {
  const { t } = useTranslation();
  if (!cameras) return null;
  const online = cameras.filter((camera) => camera.live.main.state === "online").length;
  return <span className={styles["count"]}>{t("watch.online", { online, total: cameras.length })}</span>;
}
