// What every stream carries and loses, and whether it is signed.

import { useTranslation } from "react-i18next";
import { useCameras, useSigning } from "../../../api/queries";
import type { Camera, StreamLive, StreamSigning } from "../../../api/types";
import { formatBitrate, formatCodec, formatMoment, formatNumber } from "../../../lib/format";
import { Badge, Table, TableSkeleton } from "../../../parts/misc";
import { useCodeWords } from "../../../parts/problem-words";
import { SigningWords } from "../../../parts/signing-words";
import { STATE_TONES } from "../cameras/cameras";
import styles from "./health.module.css";

export function Streams() {
  const { t } = useTranslation();
  const { data: cameras } = useCameras();
  const { data: signing } = useSigning();
  // Few cameras sign: a column of dashes would only take room.
  const signsAny = signing?.items.some((one) => one.result !== "unsigned") ?? false;
  if (!cameras) return <TableSkeleton rows={3} />;
  const rows = cameras.flatMap((camera) =>
    (["main", "sub"] as const).flatMap((stream) => {
      const live = camera.live[stream];
      return live ? [{ camera, stream, live }] : [];
    }),
  );
  return (
    <Table
      label={t("health.streams")}
      head={
        <>
          <th scope="col">{t("health.camera")}</th>
          <th scope="col">{t("health.stream")}</th>
          <th scope="col">{t("health.state")}</th>
          <th scope="col">{t("health.codec")}</th>
          <th scope="col" data-align="end">
            {t("health.fps")}
          </th>
          <th scope="col" data-align="end">
            {t("health.bitrate")}
          </th>
          <th scope="col" data-align="end">
            {t("health.lost")}
          </th>
          <th scope="col" data-align="end">
            {t("health.jitter")}
          </th>
          <th scope="col">{t("health.since")}</th>
          {signsAny ? <th scope="col">{t("signing.title")}</th> : null}
        </>
      }
    >
      {rows.map((row) => (
        <StreamRow
          key={`${row.camera.id} ${row.stream}`}
          {...row}
          showsSigning={signsAny}
          signing={signing?.items.find((one) => one.camera_id === row.camera.id && one.stream === row.stream)}
        />
      ))}
    </Table>
  );
}

interface StreamRowProps {
  camera: Camera;
  stream: "main" | "sub";
  live: StreamLive;
  signing: StreamSigning | undefined;
  showsSigning: boolean;
}

function StreamRow({ camera, stream, live, signing, showsSigning }: StreamRowProps) {
  const { t, i18n } = useTranslation();
  const say = useCodeWords();
  const reason = live.state === "online" ? "" : say(live.code).reason || live.reason;
  const format = [live.codec ? formatCodec(live.codec) : "", live.width > 0 ? `${live.width} × ${live.height}` : ""];
  return (
    <tr>
      <td data-cell="title">{camera.name}</td>
      <td data-label={t("health.stream")} className={styles["number"]}>
        {t(`camera.${stream}`)}
      </td>
      <td data-label={t("health.state")}>
        <span className={styles["state"]}>
          <Badge tone={STATE_TONES[live.state]}>{t(`streamStates.${live.state}`)}</Badge>
          {reason ? <span className="muted">{reason}</span> : null}
        </span>
      </td>
      <td data-label={t("health.codec")} className={styles["number"]}>
        {format.filter(Boolean).join(" · ") || "–"}
      </td>
      <td data-label={t("health.fps")} data-align="end">
        {live.fps > 0 ? formatNumber(live.fps, i18n.language, 1) : "–"}
      </td>
      <td data-label={t("health.bitrate")} data-align="end" className={styles["number"]}>
        {formatBitrate(live.bitrate_bps, i18n.language)}
      </td>
      <td data-label={t("health.lost")} data-align="end" className={styles["number"]}>
        {live.packets > 0
          ? t("health.lostOf", {
              lost: formatNumber(live.packets_lost, i18n.language),
              share: (live.packets_lost / (live.packets + live.packets_lost)).toLocaleString(i18n.language, {
                style: "percent",
                maximumSignificantDigits: 2,
              }),
            })
          : "–"}
      </td>
      <td data-label={t("health.jitter")} data-align="end" className={styles["number"]}>
        {live.packets > 0 ? `${formatNumber(live.jitter_s * 1000, i18n.language, 1)} ms` : "–"}
      </td>
      <td data-label={t("health.since")}>
        {live.since ? formatMoment(Date.parse(live.since), Date.now(), i18n.language) : "–"}
      </td>
      {showsSigning ? (
        <td data-label={t("signing.title")}>{signing ? <SigningWords signing={signing} /> : "–"}</td>
      ) : null}
    </tr>
  );
}
