// Where footage lies: each volume with its room, and what is held so that nothing deletes it.

import { HardDrive, Lock, Pencil, Plus, Trash2, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/context";
import { useHolds, useKnownCameras, useSaveVolume, useVolumes } from "../../../api/storage";
import type { Hold, Volume } from "../../../api/types";
import { formatBytes, formatMoment } from "../../../lib/format";
import { Button, IconButton } from "../../../parts/button";
import { ConfirmDialog } from "../../../parts/dialog";
import { HoldDialog, ReleaseDialog } from "../../../parts/hold/hold-dialogs";
import { Badge, Empty, PageHead, Table, TableSkeleton, type Tone } from "../../../parts/misc";
import { ProblemNote } from "../../../parts/problem-note";
import { useWords } from "../../../parts/words";
import { Erasures } from "./erasures";
import { Section } from "./section";
import styles from "./storage.module.css";
import { VolumeDialog } from "./volume-dialog";
import { adviceOf, type Shares, sharesOf } from "./volume-facts";

const HOUR_MS = 3_600_000;

export function StoragePage() {
  const { t } = useTranslation();
  const may = useMay();
  const { data: volumes, error } = useVolumes();
  const { remove } = useSaveVolume();
  const [editing, setEditing] = useState<Volume | "new" | null>(null);
  const [removing, setRemoving] = useState<Volume | null>(null);
  const mayChange = may("storage.configure");
  return (
    <>
      <PageHead title={t("storage.title")} lead={t("storage.lead")}>
        {mayChange ? (
          <Button look="primary" onPress={() => setEditing("new")}>
            <Plus size={16} aria-hidden />
            {t("storage.add")}
          </Button>
        ) : null}
      </PageHead>
      {error && !volumes ? <ProblemNote error={error} what={t("storage.failed")} /> : null}
      {!volumes && !error ? <TableSkeleton rows={3} /> : null}
      {volumes?.length === 0 ? (
        <Empty icon={<HardDrive size={32} strokeWidth={1.5} aria-hidden />} title={t("storage.empty")}>
          <p>{t("storage.emptyLead")}</p>
        </Empty>
      ) : null}
      <div className={styles["volumes"]}>
        {volumes?.map((volume) => (
          <VolumeCard
            key={volume.name}
            volume={volume}
            {...(mayChange ? { onEdit: () => setEditing(volume), onRemove: () => setRemoving(volume) } : {})}
          />
        ))}
      </div>
      {volumes && volumes.length > 0 ? <BarLegend /> : null}
      {may("recording.play") ? <Holds /> : null}
      {may("footage.erase") ? <Erasures /> : null}
      {editing ? <VolumeDialog volume={editing === "new" ? null : editing} onClose={() => setEditing(null)} /> : null}
      {removing ? (
        <ConfirmDialog
          title={t("storage.removeTitle", { name: removing.name })}
          consequence={t("storage.removeConsequence", { path: removing.path })}
          action={t("storage.removeAction")}
          onConfirm={() => remove.mutateAsync(removing.name)}
          onClose={() => setRemoving(null)}
        />
      ) : null}
    </>
  );
}

const STATE_TONES: Record<Volume["state"], Tone> = { writable: "good", full: "bad", failed: "bad", unknown: "neutral" };

interface VolumeCardProps {
  volume: Volume;
  onEdit?: () => void;
  onRemove?: () => void;
}

function VolumeCard({ volume, onEdit, onRemove }: VolumeCardProps) {
  const { t } = useTranslation();
  const words = useWords();
  return (
    <article className={styles["volume"]} aria-label={volume.name}>
      <header>
        <span className={styles["volumeName"]}>
          <strong className="truncate">{volume.name}</strong>
          <span className="mono muted">{volume.path}</span>
        </span>
        <Badge tone={STATE_TONES[volume.state]}>{words.any("health.volumeStates", volume.state)}</Badge>
        {onEdit ? (
          <IconButton small label={`${t("common.edit")}: ${volume.name}`} onPress={onEdit}>
            <Pencil size={15} aria-hidden />
          </IconButton>
        ) : null}
        {onRemove ? (
          <IconButton small label={`${t("storage.removeAction")}: ${volume.name}`} onPress={onRemove}>
            <Trash2 size={15} aria-hidden />
          </IconButton>
        ) : null}
      </header>
      <SpaceBar volume={volume} />
      <VolumeFacts volume={volume} />
      {volume.reason ? <p className="muted">{volume.reason}</p> : null}
      {adviceOf(volume).map((advice) => (
        <p key={advice} className={styles["advice"]}>
          <TriangleAlert size={15} aria-hidden />
          {t(`storage.advice.${advice}`, { count: volume.spilled_cameras })}
        </p>
      ))}
    </article>
  );
}

const PARTS = ["held", "used", "others", "free"] as const satisfies readonly (keyof Shares)[];

function SpaceBar({ volume }: { volume: Volume }) {
  const { t, i18n } = useTranslation();
  const shares = sharesOf(volume);
  const size = (bytes: number) => formatBytes(bytes, i18n.language);
  const label = t("storage.barLabel", {
    held: size(volume.held_bytes),
    used: size(volume.used_bytes),
    free: size(volume.free_bytes),
    size: size(volume.size_bytes),
  });
  return (
    <div className={styles["bar"]} role="img" aria-label={label}>
      {PARTS.map((part) => (
        <span key={part} data-part={part} style={{ width: `${shares[part] * 100}%` }} />
      ))}
    </div>
  );
}

function BarLegend() {
  const { t } = useTranslation();
  return (
    <ul className={styles["legend"]}>
      {PARTS.map((part) => (
        <li key={part}>
          <span data-part={part} aria-hidden />
          {t(`storage.parts.${part}`)}
        </li>
      ))}
    </ul>
  );
}

function VolumeFacts({ volume }: { volume: Volume }) {
  const { t, i18n } = useTranslation();
  const size = (bytes: number) => formatBytes(bytes, i18n.language);
  const left = volume.days_left;
  const facts: [string, string][] = [
    [t("health.used"), size(volume.used_bytes)],
    [t("storage.parts.held"), size(volume.held_bytes)],
    [t("health.free"), t("health.capacity", { free: size(volume.free_bytes), size: size(volume.size_bytes) })],
    [
      t("storage.daysLeft"),
      left === null
        ? t("health.early")
        : left <= 0
          ? t("health.ring")
          : t("health.daysLeftValue", { count: Math.max(1, Math.round(left)) }),
    ],
    [
      t("health.oldest"),
      volume.oldest_at ? formatMoment(Date.parse(volume.oldest_at), Date.now(), i18n.language) : "–",
    ],
    [t("storage.cameras"), String(volume.cameras)],
    [t("storage.limit"), volume.max_bytes > 0 ? size(volume.max_bytes) : t("storage.noLimit")],
    [t("storage.reserve"), size(volume.reserve_bytes)],
  ];
  return (
    <dl className={styles["facts"]}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Holds() {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const { data: holds, error } = useHolds();
  const cameras = useKnownCameras();
  const [isAdding, setAdding] = useState(false);
  const [releasing, setReleasing] = useState<Hold | null>(null);
  const total = (holds ?? []).reduce((sum, hold) => sum + hold.bytes, 0);
  return (
    <Section
      title={t("hold.title")}
      lead={t("hold.summary", { count: holds?.length ?? 0, size: formatBytes(total, i18n.language) })}
      action={
        may("hold.manage") && cameras && cameras.length > 0 ? (
          <Button onPress={() => setAdding(true)}>
            <Lock size={15} aria-hidden />
            {t("hold.add")}
          </Button>
        ) : null
      }
    >
      {error && !holds ? <ProblemNote error={error} what={t("hold.failed")} /> : null}
      {holds && holds.length > 0 ? (
        <Table label={t("hold.title")} head={<HoldHead />}>
          {holds.map((hold) => (
            <HoldRow
              key={hold.id}
              hold={hold}
              {...(may("hold.manage") ? { onRelease: () => setReleasing(hold) } : {})}
            />
          ))}
        </Table>
      ) : null}
      {isAdding && cameras ? (
        <HoldDialog
          cameras={cameras}
          chosen={[]}
          range={{ fromMs: Date.now() - HOUR_MS, toMs: Date.now() }}
          onClose={() => setAdding(false)}
        />
      ) : null}
      {releasing ? <ReleaseDialog hold={releasing} onClose={() => setReleasing(null)} /> : null}
    </Section>
  );
}

function HoldHead() {
  const { t } = useTranslation();
  return (
    <>
      <th scope="col">{t("review.camera")}</th>
      <th scope="col">{t("review.from")}</th>
      <th scope="col">{t("review.to")}</th>
      <th scope="col">{t("hold.reason")}</th>
      <th scope="col">{t("hold.by")}</th>
      <th scope="col" data-align="end">
        {t("hold.size")}
      </th>
      <th scope="col">
        <span className="visually-hidden">{t("common.actions")}</span>
      </th>
    </>
  );
}

function HoldRow({ hold, onRelease }: { hold: Hold; onRelease?: () => void }) {
  const { t, i18n } = useTranslation();
  const at = (text: string) => formatMoment(Date.parse(text), 0, i18n.language);
  return (
    <tr>
      <td data-cell="title">
        <Lock size={13} aria-hidden className={styles["lock"]} />
        {hold.camera_name || hold.camera_id.slice(-6)}
      </td>
      <td data-label={t("review.from")}>{at(hold.from)}</td>
      <td data-label={t("review.to")}>{at(hold.to)}</td>
      <td data-label={t("hold.reason")}>{hold.reason}</td>
      <td data-label={t("hold.by")}>{`${hold.created_by}, ${at(hold.created_at)}`}</td>
      <td data-label={t("hold.size")} data-align="end">
        {formatBytes(hold.bytes, i18n.language)}
      </td>
      <td data-cell="actions">
        {onRelease ? (
          <Button small onPress={onRelease} aria-label={`${t("hold.release")}: ${hold.camera_name}, ${at(hold.from)}`}>
            {t("hold.release")}
          </Button>
        ) : null}
      </td>
    </tr>
  );
}
