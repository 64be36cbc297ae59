// The cameras as a table: state, picture, what is recorded; add, change, delete, Excel in and out.

import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import {
  CalendarClock,
  Cctv,
  Clapperboard,
  EllipsisVertical,
  EyeOff,
  FileDown,
  FileUp,
  Pencil,
  Plus,
  Shapes,
  ShieldAlert,
  Trash2,
  Waves,
} from "lucide-react";
import { useRef, useState } from "react";
import { Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useClient } from "../../../api/context";
import { unwrap, urlOf } from "../../../api/http";
import { useCameras, useDeleteCamera, useSimulate } from "../../../api/queries";
import type { Camera } from "../../../api/types";
import { formatBitrate, formatCodec, formatNumber } from "../../../lib/format";
import { Button, buttonClass, IconButton } from "../../../parts/button";
import { ConfirmDialog } from "../../../parts/dialog";
import { TextField } from "../../../parts/field";
import { Badge, Empty, PageHead, Table, TableSkeleton, type Tone } from "../../../parts/misc";
import { ProblemNote } from "../../../parts/problem-note";
import { useCodeWords } from "../../../parts/problem-words";
import { groupCameras } from "../../watch/tree";
import { CameraDialog } from "./camera-dialog";
import styles from "./cameras.module.css";

const route = getRouteApi("/app/settings/cameras");

const SIMULATED = 4;

export const STATE_TONES: Record<Camera["live"]["main"]["state"], Tone> = {
  online: "good",
  connecting: "neutral",
  stalled: "warn",
  offline: "bad",
  disabled: "neutral",
  unknown: "neutral",
};

export function CamerasPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = useNavigate();
  const { data: cameras, error } = useCameras();
  const [deleting, setDeleting] = useState<Camera | null>(null);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const remove = useDeleteCamera();
  const edit = (id: string | undefined) =>
    void navigate({ to: "/settings/cameras", search: { ...search, edit: id }, replace: id === undefined });
  const shown = groupCameras(cameras ?? [], search.search ?? "").flatMap((group) => group.cameras);
  const edited = cameras?.find((camera) => camera.id === search.edit) ?? null;

  return (
    <>
      <PageHead title={t("camera.title")} lead={t("camera.lead")}>
        {chosen.length > 0 ? (
          <Link to="/settings/recording" search={{ cameras: chosen.join(",") }} className={buttonClass()}>
            <CalendarClock size={15} aria-hidden />
            {t("plan.selected", { count: chosen.length })}
          </Link>
        ) : null}
        <MoreMenu />
        <Button look="primary" onPress={() => edit("new")}>
          <Plus size={16} aria-hidden />
          {t("camera.add")}
        </Button>
      </PageHead>
      <ImportResult />
      {cameras && cameras.length > 0 ? (
        <TextField
          label={t("camera.search")}
          hidesLabel
          type="search"
          placeholder={t("watch.search")}
          className={styles["search"]}
          value={search.search ?? ""}
          onChange={(text) =>
            void navigate({ to: "/settings/cameras", search: { ...search, search: text || undefined }, replace: true })
          }
        />
      ) : null}
      {error && !cameras ? <ProblemNote error={error} what={t("camera.failed")} /> : null}
      {!cameras && !error ? <TableSkeleton /> : null}
      {cameras?.length === 0 ? (
        <Empty icon={<Cctv size={32} strokeWidth={1.5} aria-hidden />} title={t("camera.empty")}>
          <p>{t("camera.emptyLead")}</p>
        </Empty>
      ) : null}
      {cameras && cameras.length > 0 && shown.length === 0 ? <p className="muted">{t("camera.noMatch")}</p> : null}
      {shown.length > 0 ? (
        <CameraTable cameras={shown} chosen={chosen} onChoose={setChosen} onEdit={edit} onDelete={setDeleting} />
      ) : null}
      {search.edit === "new" ? <CameraDialog camera={null} onClose={() => edit(undefined)} /> : null}
      {edited ? <CameraDialog key={edited.id} camera={edited} onClose={() => edit(undefined)} /> : null}
      {deleting ? (
        <ConfirmDialog
          title={t("camera.deleteTitle", { name: deleting.name })}
          consequence={t("camera.deleteConsequence")}
          action={t("camera.deleteAction")}
          onConfirm={() => remove.mutateAsync(deleting.id)}
          onClose={() => setDeleting(null)}
        />
      ) : null}
    </>
  );
}

interface TableProps {
  cameras: readonly Camera[];
  chosen: readonly string[];
  onChoose: (chosen: readonly string[]) => void;
  onEdit: (id: string) => void;
  onDelete: (camera: Camera) => void;
}

function CameraTable({ cameras, chosen, onChoose, onEdit, onDelete }: TableProps) {
  const { t } = useTranslation();
  return (
    <Table
      label={t("camera.title")}
      head={
        <>
          <th scope="col">{t("camera.name")}</th>
          <th scope="col">{t("camera.state")}</th>
          <th scope="col">{t("camera.picture")}</th>
          <th scope="col" data-align="end">
            {t("camera.rate")}
          </th>
          <th scope="col">{t("camera.record")}</th>
          <th scope="col">
            <span className="visually-hidden">{t("common.actions")}</span>
          </th>
        </>
      }
    >
      {cameras.map((camera) => (
        <CameraRow
          key={camera.id}
          camera={camera}
          chosen={chosen}
          onChoose={onChoose}
          onEdit={onEdit}
          onDelete={onDelete}
        />
      ))}
    </Table>
  );
}

function CameraRow({ camera, chosen, onChoose, onEdit, onDelete }: { camera: Camera } & Omit<TableProps, "cameras">) {
  const { t, i18n } = useTranslation();
  const { main } = camera.live;
  const state = camera.enabled ? main.state : "disabled";
  const size = main.width > 0 ? `${main.width} × ${main.height}` : "";
  const fps = main.fps > 0 ? `${formatNumber(main.fps, i18n.language)} fps` : "";
  return (
    <tr>
      <td data-cell="title">
        <input
          type="checkbox"
          className={styles["choose"]}
          aria-label={t("plan.select", { name: camera.name })}
          checked={chosen.includes(camera.id)}
          onChange={(event) =>
            onChoose(event.target.checked ? [...chosen, camera.id] : chosen.filter((id) => id !== camera.id))
          }
        />
        <button type="button" className={styles["name"]} onClick={() => onEdit(camera.id)}>
          {camera.name}
        </button>
        {camera.group ? <span className={styles["group"]}>{camera.group}</span> : null}
        {camera.main.verify_tls ? null : (
          <span className={styles["warning"]}>
            <ShieldAlert size={13} aria-hidden />
            {t("camera.noCertificate")}
          </span>
        )}
      </td>
      <td data-label={t("camera.state")}>
        <span className={styles["state"]}>
          <Badge tone={STATE_TONES[state]}>{t(`streamStates.${state}`)}</Badge>
          {camera.enabled ? <Reason camera={camera} /> : null}
        </span>
      </td>
      <td data-label={t("camera.picture")} className={styles["numbers"]}>
        {[main.codec ? formatCodec(main.codec) : "", size, fps].filter(Boolean).join(" · ") || "–"}
      </td>
      <td data-label={t("camera.rate")} data-align="end" className={styles["numbers"]}>
        {formatBitrate(main.bitrate_bps, i18n.language)}
      </td>
      <td data-label={t("camera.record")} className={styles["numbers"]}>
        {t(`camera.records.${camera.record}`)}
      </td>
      <td data-cell="actions">
        <span className={styles["actions"]}>
          <Link
            to="/settings/recording"
            search={{ cameras: camera.id }}
            className={buttonClass("quiet", true)}
            aria-label={`${t("plan.link")}: ${camera.name}`}
          >
            <CalendarClock size={15} aria-hidden />
            <span className={styles["wide"]}>{t("plan.link")}</span>
          </Link>
          <Link
            to="/settings/cameras/$cameraId/rules"
            params={{ cameraId: camera.id }}
            className={buttonClass("quiet", true)}
            aria-label={`${t("camera.rules")}: ${camera.name}`}
          >
            <Shapes size={15} aria-hidden />
            <span className={styles["wide"]}>{t("camera.rules")}</span>
          </Link>
          <Link
            to="/settings/cameras/$cameraId/motion"
            params={{ cameraId: camera.id }}
            className={buttonClass("quiet", true)}
            aria-label={`${t("motion.title")}: ${camera.name}`}
          >
            <Waves size={15} aria-hidden />
            <span className={styles["wide"]}>{t("motion.link")}</span>
          </Link>
          <Link
            to="/settings/cameras/$cameraId/privacy"
            params={{ cameraId: camera.id }}
            className={buttonClass("quiet", true)}
            aria-label={`${t("privacy.title")}: ${camera.name}`}
          >
            <EyeOff size={15} aria-hidden />
            <span className={styles["wide"]}>{t("privacy.link")}</span>
          </Link>
          <IconButton small label={`${t("common.edit")}: ${camera.name}`} onPress={() => onEdit(camera.id)}>
            <Pencil size={15} aria-hidden />
          </IconButton>
          <IconButton small label={`${t("common.delete")}: ${camera.name}`} onPress={() => onDelete(camera)}>
            <Trash2 size={15} aria-hidden />
          </IconButton>
        </span>
      </td>
    </tr>
  );
}

function Reason({ camera }: { camera: Camera }) {
  const say = useCodeWords();
  const { main } = camera.live;
  if (main.state !== "offline" && main.state !== "stalled") return null;
  const known = say(main.code);
  const reason = known.reason || main.reason;
  return reason ? (
    <span className={styles["reason"]} title={known.hint || main.hint}>
      {reason}
    </span>
  ) : null;
}

interface Imported {
  added: number;
  changed: number;
  refused: number;
  rows: { row: number; errors: string[] }[];
}

function useImport() {
  const client = useClient();
  const queries = useQueryClient();
  return async (file: File) => {
    const answer = await unwrap(
      client.POST("/api/v1/cameras/import", {
        // The body is the file itself; the generated type of a binary body is `string`.
        body: file as never,
        bodySerializer: (body) => body as unknown as BodyInit,
        headers: { "Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
      }),
    );
    queries.setQueryData(["import"], answer);
    await queries.invalidateQueries({ queryKey: ["cameras"] });
  };
}

function MoreMenu() {
  const { t } = useTranslation();
  const simulate = useSimulate();
  const queries = useQueryClient();
  const picker = useRef<HTMLInputElement>(null);
  const importFile = useImport();
  const choose = (file: File | undefined) => {
    if (!file) return;
    importFile(file).catch((error: unknown) => queries.setQueryData(["import"], { error }));
  };
  return (
    <>
      <input
        ref={picker}
        type="file"
        accept=".xlsx"
        hidden
        aria-label={t("camera.importFile")}
        onChange={(event) => {
          choose(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
      <MenuTrigger>
        <Button aria-label={t("common.actions")}>
          <EllipsisVertical size={16} aria-hidden />
        </Button>
        <Popover placement="bottom end" offset={4}>
          <Menu className={styles["menu"] ?? ""}>
            <MenuItem className={styles["item"] ?? ""} onAction={() => simulate.mutate(SIMULATED)}>
              <Clapperboard size={15} aria-hidden />
              {t("camera.simulate")}
            </MenuItem>
            <MenuItem className={styles["item"] ?? ""} onAction={() => picker.current?.click()}>
              <FileUp size={15} aria-hidden />
              {t("camera.import")}
            </MenuItem>
            <MenuItem className={styles["item"] ?? ""} href={urlOf("/cameras/export.xlsx")} download="cameras.xlsx">
              <FileDown size={15} aria-hidden />
              {t("camera.export")}
            </MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
      {simulate.error ? <ProblemNote error={simulate.error} what={t("first.simulateFailed")} /> : null}
    </>
  );
}

function ImportResult() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const result = queries.getQueryData<Imported | { error: unknown }>(["import"]);
  if (!result) return null;
  if ("error" in result) return <ProblemNote error={result.error} what={t("camera.importFailed")} />;
  return (
    <div className={styles["import"]} role="status">
      <strong>
        {t("camera.importDone", { added: result.added, changed: result.changed, refused: result.refused })}
      </strong>
      {result.rows
        .filter((row) => row.errors.length > 0)
        .map((row) => (
          <p key={row.row}>{t("camera.importRow", { row: row.row, errors: row.errors.join("; ") })}</p>
        ))}
    </div>
  );
}
