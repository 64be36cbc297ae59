// What needs me? The queue, newest first; one selected with its clip already playing.

import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { BellOff } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useEvent, useEvents } from "../../api/queries";
import { useKnownCameras } from "../../api/storage";
import type { Happening } from "../../api/types";
import { useKeys } from "../../app/keys";
import { formatMoment } from "../../lib/format";
import { Button, classes } from "../../parts/button";
import { SelectField } from "../../parts/field";
import { Empty, Skeleton } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { useWords } from "../../parts/words";
import styles from "./alarms.module.css";
import { EventDetail } from "./detail";
import { MatchBadge } from "./match";
import { KindIcon, SYSTEM_KINDS } from "./system-kinds";

const route = getRouteApi("/app/alarms");

export const KINDS = [
  "zone_entered",
  "zone_left",
  "line_crossed",
  "person_present",
  "vehicle_present",
  "plate_read",
  "face_matched",
  "motion",
  "signal_lost",
  ...SYSTEM_KINDS,
];

export function AlarmsPlace() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = useNavigate();
  const state = search.state === "all" ? undefined : search.state === "acknowledged" ? "acknowledged" : "new";
  const events = useEvents({ camera: search.camera, kind: search.kind, state });
  const items = useMemo(() => events.data?.pages.flatMap((page) => page.items) ?? [], [events.data]);
  // The first one is chosen by itself, and stays when newer ones arrive: a clip must not change under the eyes.
  const [pinned, setPinned] = useState<string>();
  const newest = items[0]?.id;
  useEffect(() => setPinned((before) => before ?? newest), [newest]);
  const chosenId = search.event ?? pinned ?? newest;
  const fetched = useEvent(chosenId);
  const chosen = items.find((event) => event.id === chosenId) ?? fetched.data;
  const list = useRef<HTMLUListElement>(null);
  const acknowledge = useRef<(() => void) | null>(null);

  const go = (change: Partial<typeof search>, replace = true) =>
    void navigate({ to: "/alarms", search: { ...search, ...change }, replace });
  const move = (by: number) => {
    const index = items.findIndex((event) => event.id === chosenId);
    const next = items[Math.min(items.length - 1, Math.max(0, index + by))];
    if (next) go({ event: next.id });
  };
  useKeys({
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    j: () => move(1),
    k: () => move(-1),
    a: () => acknowledge.current?.(),
    Escape: () => go({ event: undefined }),
  });
  useEffect(() => {
    if (chosenId)
      list.current?.querySelector(`[data-event="${CSS.escape(chosenId)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [chosenId]);

  const isFiltered = Boolean(search.camera || search.kind || search.state);
  return (
    <div className={styles["alarms"]} data-chosen={search.event ? "" : undefined}>
      <section className={styles["list"]} aria-label={t("alarms.list")}>
        <h1 className="visually-hidden">{t("places.alarms")}</h1>
        <Filters
          search={search}
          onChange={(change) => {
            setPinned(undefined);
            go({ ...change, event: undefined });
          }}
        />
        {events.error && items.length === 0 ? (
          <div className={styles["note"]}>
            <ProblemNote error={events.error} what={t("alarms.failed")} />
          </div>
        ) : null}
        {events.isPending ? <ListSkeleton /> : null}
        {events.isSuccess && items.length === 0 ? (
          <Empty icon={<BellOff size={28} strokeWidth={1.5} aria-hidden />} title={t("alarms.empty")}>
            <p>{isFiltered ? t("alarms.emptyFilter") : t("alarms.emptyLead")}</p>
            <Button onPress={() => go({ camera: undefined, kind: undefined, state: "all" })}>
              {t("alarms.allStates")}
            </Button>
          </Empty>
        ) : null}
        <ul ref={list} className={styles["items"]}>
          {items.map((event) => (
            <EventRow
              key={event.id}
              event={event}
              isChosen={event.id === chosenId}
              onChoose={() => go({ event: event.id }, false)}
            />
          ))}
          {events.hasNextPage ? (
            <li className={styles["more"]}>
              <Button look="quiet" onPress={() => void events.fetchNextPage()} isDisabled={events.isFetchingNextPage}>
                {t("common.more")}
              </Button>
            </li>
          ) : null}
        </ul>
      </section>
      <section className={styles["detail"]} aria-label={t("alarms.choose")}>
        {chosen ? (
          <EventDetail
            key={chosen.id}
            event={chosen}
            acknowledgeKey={acknowledge}
            onBack={() => go({ event: undefined })}
            onDone={() => move(1)}
          />
        ) : null}
        {!chosen && fetched.error ? <ProblemNote error={fetched.error} /> : null}
      </section>
    </div>
  );
}

interface FiltersProps {
  search: { camera?: string; kind?: string; state?: string };
  onChange: (change: { camera?: string | undefined; kind?: string | undefined; state?: string | undefined }) => void;
}

function Filters({ search, onChange }: FiltersProps) {
  const { t } = useTranslation();
  const words = useWords();
  const cameras = useKnownCameras();
  const kinds = [...new Set([...KINDS, ...(search.kind ? [search.kind] : [])])];
  const cameraOptions = [
    { id: "", label: t("alarms.allCameras") },
    ...(cameras ?? []).map((camera) => ({ id: camera.id, label: camera.name })),
  ];
  return (
    <search className={styles["filters"]}>
      <SelectField
        label={t("alarms.state")}
        hidesLabel
        value={search.state ?? "new"}
        onChange={(state) => onChange({ state: state === "new" ? undefined : state })}
        options={[
          { id: "new", label: t("alarms.states.new") },
          { id: "acknowledged", label: t("alarms.states.acknowledged") },
          { id: "all", label: t("common.all") },
        ]}
      />
      {cameras ? (
        <SelectField
          label={t("alarms.camera")}
          hidesLabel
          value={search.camera ?? ""}
          onChange={(camera) => onChange({ camera: camera || undefined })}
          options={cameraOptions}
        />
      ) : null}
      <SelectField
        label={t("alarms.kind")}
        hidesLabel
        value={search.kind ?? ""}
        onChange={(kind) => onChange({ kind: kind || undefined })}
        options={[
          { id: "", label: t("alarms.allKinds") },
          ...kinds.map((kind) => ({ id: kind, label: words.kind(kind) })),
        ]}
      />
    </search>
  );
}

function EventRow({ event, isChosen, onChoose }: { event: Happening; isChosen: boolean; onChoose: () => void }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  return (
    <li>
      <button
        type="button"
        className={styles["row"]}
        data-event={event.id}
        data-state={event.state}
        aria-current={isChosen || undefined}
        onClick={onChoose}
      >
        <span className={styles["thumb"]}>
          {event.picture_url ? (
            <img src={event.picture_url} alt="" loading="lazy" width={112} height={63} />
          ) : (
            <KindIcon kind={event.kind} size={22} />
          )}
        </span>
        <span className={styles["rowWords"]}>
          <span className={styles["rowKind"]}>
            <span className={styles["mark"]} data-state={event.state} aria-hidden />
            <span className="truncate">{words.kind(event.kind)}</span>
            {event.match ? <MatchBadge event={event} /> : null}
          </span>
          <span className={classes(styles["rowCamera"], "truncate")}>{event.camera_name || t("alarms.system")}</span>
          <span className={styles["rowTime"]}>
            {formatMoment(Date.parse(event.from), Date.now(), i18n.language)}
            {event.object_class ? ` · ${words.objectClass(event.object_class)}` : ""}
          </span>
        </span>
        <span className="visually-hidden">{t(`alarms.states.${event.state}`)}</span>
      </button>
    </li>
  );
}

function ListSkeleton() {
  return (
    <div className={styles["items"]} aria-hidden>
      {[70, 55, 62, 48, 66].map((width) => (
        <div key={width} className={styles["row"]}>
          <Skeleton width={112} height={63} />
          <span className={styles["rowWords"]}>
            <Skeleton width={`${width}%`} />
            <Skeleton width={`${width - 15}%`} height={12} />
          </span>
        </div>
      ))}
    </div>
  );
}
