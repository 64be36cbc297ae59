// The cameras by group, with search. A click shows a camera, a drag puts it into the tile of choice.

import { ChevronRight, Search } from "lucide-react";
import { forwardRef, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Camera } from "../../api/types";
import { classes } from "../../parts/button";
import { Skeleton } from "../../parts/misc";
import { DRAG_TYPE } from "../../parts/tile/live-tile";
import styles from "./tree.module.css";

export interface Group {
  name: string;
  cameras: Camera[];
}

const fold = (text: string): string =>
  text
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .replaceAll("đ", "d");

/** Groups in order of name, those without one last; search ignores case and diacritics. Pure. */
export function groupCameras(cameras: readonly Camera[], search: string): Group[] {
  const wanted = fold(search.trim());
  const found = cameras.filter((camera) => fold(`${camera.name} ${camera.group}`).includes(wanted));
  const groups = new Map<string, Camera[]>();
  for (const camera of found) groups.set(camera.group, [...(groups.get(camera.group) ?? []), camera]);
  const byName = new Intl.Collator(undefined, { numeric: true }).compare;
  return [...groups]
    .map(([name, members]) => ({ name, cameras: members.sort((a, b) => byName(a.name, b.name)) }))
    .sort((a, b) => (a.name === "" ? 1 : b.name === "" ? -1 : byName(a.name, b.name)));
}

interface TreeProps {
  cameras: readonly Camera[] | undefined;
  shown: readonly string[];
  onChoose: (camera: string) => void;
}

export const CameraTree = forwardRef<HTMLInputElement, TreeProps>(function CameraTree(
  { cameras, shown, onChoose },
  search,
) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const groups = useMemo(() => groupCameras(cameras ?? [], text), [cameras, text]);
  const toggle = (name: string) => {
    const next = new Set(closed);
    if (!next.delete(name)) next.add(name);
    setClosed(next);
  };
  return (
    <section className={styles["tree"]} aria-label={t("watch.tree")}>
      <label className={styles["search"]}>
        <Search size={14} aria-hidden />
        <span className="visually-hidden">{t("watch.search")}</span>
        <input
          ref={search}
          type="search"
          value={text}
          placeholder={t("watch.search")}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            setText("");
            event.currentTarget.blur();
          }}
        />
      </label>
      {cameras === undefined ? (
        <div className={styles["loading"]}>
          <Skeleton width="70%" />
          <Skeleton width="55%" />
          <Skeleton width="62%" />
        </div>
      ) : null}
      {cameras && groups.length === 0 ? <p className={styles["none"]}>{t("watch.nothingFound")}</p> : null}
      <ul className={styles["groups"]}>
        {groups.map((group) => (
          <li key={group.name}>
            <button
              type="button"
              className={styles["group"]}
              aria-expanded={!closed.has(group.name)}
              onClick={() => toggle(group.name)}
            >
              <ChevronRight size={14} aria-hidden />
              <span className="truncate">{group.name || t("watch.ungrouped")}</span>
              <span className={styles["count"]}>{group.cameras.length}</span>
            </button>
            {closed.has(group.name) ? null : (
              <ul>
                {group.cameras.map((camera) => (
                  <CameraLeaf key={camera.id} camera={camera} isShown={shown.includes(camera.id)} onChoose={onChoose} />
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
});

function CameraLeaf({
  camera,
  isShown,
  onChoose,
}: {
  camera: Camera;
  isShown: boolean;
  onChoose: (id: string) => void;
}) {
  const { t } = useTranslation();
  const state = camera.enabled ? camera.live.main.state : "disabled";
  return (
    <li>
      <button
        type="button"
        className={classes(styles["leaf"])}
        data-shown={isShown || undefined}
        draggable
        onDragStart={(event) => event.dataTransfer.setData(DRAG_TYPE, camera.id)}
        onClick={() => onChoose(camera.id)}
        aria-pressed={isShown}
      >
        <span className={styles["state"]} data-state={state} aria-hidden />
        <span className="truncate">{camera.name}</span>
        <span className="visually-hidden">{t(`streamStates.${state}`)}</span>
      </button>
    </li>
  );
}
