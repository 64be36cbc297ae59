// Is the system well? Processes, streams, storage, protection, models, machine. What is not well comes first, in words.

import { CircleCheck, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import { useCameras, useModelFaults, useModels, useSigning, useSystem } from "../../api/queries";
import type { Camera, StreamLive, StreamSigning, System } from "../../api/types";
import { formatBitrate, formatBytes, formatCodec, formatDuration, formatMoment, formatNumber } from "../../lib/format";
import { Badge, PageHead, Table, TableSkeleton, type Tone } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { useCodeWords } from "../../parts/problem-words";
import { SigningWords } from "../../parts/signing-words";
import { useWords } from "../../parts/words";
import { STATE_TONES } from "./cameras/cameras";
import styles from "./health.module.css";
import { troublesOf } from "./health-facts";

export function HealthPage() {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const system = useSystem();
  const { data } = system;
  if (system.error && !data) return <ProblemNote error={system.error} what={t("health.failed")} />;
  if (!data) return <TableSkeleton rows={8} />;
  const since = formatMoment(Date.parse(data.started_at), Date.now(), i18n.language);
  return (
    <>
      <PageHead title={t("health.title")} lead={t("health.lead", { version: data.version, since })} />
      <Summary system={data} />
      <Section title={t("health.roles")}>
        <Processes processes={data.processes} />
      </Section>
      {may("camera.view") ? (
        <Section title={t("health.streams")}>
          <Streams />
        </Section>
      ) : null}
      {may("camera.view") && data.analysis.length > 0 ? (
        <Section title={t("health.analysis")}>
          {data.detector ? <DetectorWords detector={data.detector} /> : null}
          <Analysis analysis={data.analysis} />
        </Section>
      ) : null}
      <Section title={t("health.volumes")}>
        <Volumes volumes={data.volumes} nowMs={Date.parse(data.now)} />
      </Section>
      <Section title={t("health.controls")}>
        <Controls controls={data.controls} />
      </Section>
      <Section title={t("health.models")}>
        <Models />
        <OwnModels />
      </Section>
      <Section title={t("health.machine")}>
        <Machine machine={data.machine} />
      </Section>
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles["section"]} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Summary({ system }: { system: System }) {
  const { t } = useTranslation();
  const words = useWords();
  const troubles = troublesOf(system);
  if (troubles.length === 0) {
    return (
      <p className={styles["summary"]} data-tone="good">
        <CircleCheck size={18} aria-hidden />
        {t("health.good")}
      </p>
    );
  }
  return (
    <div className={styles["summary"]} data-tone="warn" role="status">
      <TriangleAlert size={18} aria-hidden />
      <div>
        <strong>{t("health.attention")}</strong>
        <ul>
          {troubles.map((trouble) => (
            <li
              key={trouble.key}
            >{`${words.any(trouble.names, trouble.name)}: ${words.any(trouble.states, trouble.state)}${trouble.why ? ` (${trouble.why})` : ""}`}</li>
          ))}
        </ul>
      </div>
    </div>
  );
}

const PROCESS_TONES: Record<string, Tone> = {
  running: "good",
  starting: "neutral",
  stopped: "bad",
  unavailable: "bad",
};

function Processes({ processes }: { processes: System["processes"] }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  return (
    <Table
      label={t("health.roles")}
      head={
        <>
          <th scope="col">{t("health.role")}</th>
          <th scope="col">{t("health.state")}</th>
          <th scope="col">{t("health.since")}</th>
          <th scope="col" data-align="end">
            {t("health.restarts")}
          </th>
          <th scope="col" data-align="end">
            {t("health.pid")}
          </th>
          <th scope="col">{t("health.reason")}</th>
        </>
      }
    >
      {processes.map((process) => (
        <tr key={process.role}>
          <td data-cell="title">{words.any("health.roleNames", process.role)}</td>
          <td data-label={t("health.state")}>
            <Badge tone={PROCESS_TONES[process.state] ?? "neutral"}>{words.any("health.states", process.state)}</Badge>
          </td>
          <td data-label={t("health.since")}>
            {process.since ? formatMoment(Date.parse(process.since), Date.now(), i18n.language) : "–"}
          </td>
          <td data-label={t("health.restarts")} data-align="end">
            {process.restarts}
          </td>
          <td data-label={t("health.pid")} data-align="end">
            {process.pid ?? "–"}
          </td>
          <td data-label={t("health.reason")}>{process.reason || "–"}</td>
        </tr>
      ))}
    </Table>
  );
}

function Streams() {
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

const ANALYSIS_TONES: Record<System["analysis"][number]["state"], Tone> = {
  analysing: "good",
  waiting: "neutral",
  paused: "warn",
  refused: "bad",
  failed: "bad",
};

const hasCaveat = ({ code, categories_left_out }: System["analysis"][number]) =>
  code !== "" || categories_left_out.length > 0;

function Analysis({ analysis }: { analysis: System["analysis"] }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const say = useCodeWords();
  const { data: cameras } = useCameras();
  const explain = (code: string, reason: string) => {
    const known = say(code);
    return known.reason ? `${known.reason}. ${known.hint}` : reason;
  };
  return (
    <Table
      label={t("health.analysis")}
      head={
        <>
          <th scope="col">{t("health.camera")}</th>
          <th scope="col">{t("health.state")}</th>
          <th scope="col">{t("health.lookedFor")}</th>
          <th scope="col" data-align="end">
            {t("health.analysed")}
          </th>
          <th scope="col" data-align="end">
            {t("health.leftOut")}
          </th>
          <th scope="col">{t("health.reason")}</th>
        </>
      }
    >
      {analysis.map((one) => (
        <tr key={one.camera_id}>
          <td data-cell="title">{cameras?.find((camera) => camera.id === one.camera_id)?.name ?? one.camera_id}</td>
          <td data-label={t("health.state")}>
            <Badge tone={hasCaveat(one) && one.state === "analysing" ? "warn" : ANALYSIS_TONES[one.state]}>
              {t(`health.analysisStates.${one.state}`)}
            </Badge>
          </td>
          <td data-label={t("health.lookedFor")}>{words.any("health.detectors", one.detector)}</td>
          <td data-label={t("health.analysed")} data-align="end" className={styles["number"]}>
            {t("health.analysedOf", {
              fps: formatNumber(one.fps, i18n.language, 1),
              asked: formatNumber(one.asked_fps, i18n.language, 1),
            })}
          </td>
          <td data-label={t("health.leftOut")} data-align="end" className={styles["number"]}>
            {formatNumber(one.thinned + one.dropped, i18n.language)}
          </td>
          <td data-label={t("health.reason")}>
            <div>
              {i18n.exists(`health.analysisReasons.${one.code}`)
                ? words.any("health.analysisReasons", one.code)
                : say(one.code).reason || one.reason || (one.categories_left_out.length > 0 ? null : "–")}
              {one.categories_left_out.map(({ name, code, reason }) => (
                <p key={name}>{t("health.setLeftOut", { name, reason: explain(code, reason) })}</p>
              ))}
            </div>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function DetectorWords({ detector }: { detector: NonNullable<System["detector"]> }) {
  const { t, i18n } = useTranslation();
  const number = (value: number, digits = 0) => formatNumber(value, i18n.language, digits);
  const { cost_ms, asked_ms, room_ms, streams, possible_streams } = detector;
  return (
    <p className="muted">
      {detector.detector ? <strong>{`${detector.detector}. `}</strong> : null}
      {t(`health.detectorWhy.${detector.why}`)}
      {detector.problem ? ` ${detector.problem}.` : null}
      {cost_ms !== null && asked_ms !== null && room_ms !== null
        ? ` ${t("health.detectorCost", { cost: number(cost_ms, 1), asked: number(asked_ms), room: number(room_ms) })}`
        : null}
      {streams !== null && possible_streams !== null
        ? ` ${t("health.detectorStreams", { streams: number(streams), possible: number(possible_streams) })}`
        : null}
    </p>
  );
}

function Volumes({ volumes, nowMs }: { volumes: System["volumes"]; nowMs: number }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const daysWords = (days: number | null) => {
    if (days === null) return t("health.early");
    return days <= 0 ? t("health.ring") : t("health.daysLeftValue", { count: Math.max(1, Math.round(days)) });
  };
  return (
    <div className={styles["volumes"]}>
      {volumes.map((volume) => {
        const days = volume.days_left;
        const share = volume.size_bytes > 0 ? volume.used_bytes / volume.size_bytes : 0;
        const others = volume.size_bytes > 0 ? 1 - volume.free_bytes / volume.size_bytes - share : 0;
        return (
          <article key={volume.id} className={styles["volume"]}>
            <header>
              <strong className="truncate" title={volume.path}>
                {volume.path}
              </strong>
              <Badge tone={volume.state === "writable" ? "good" : "bad"}>
                {words.any("health.volumeStates", volume.state)}
              </Badge>
            </header>
            {volume.reason ? <p className="muted">{volume.reason}</p> : null}
            <div
              className={styles["meter"]}
              role="img"
              aria-label={t("health.capacity", {
                free: formatBytes(volume.free_bytes, i18n.language),
                size: formatBytes(volume.size_bytes, i18n.language),
              })}
            >
              <span className={styles["used"]} style={{ width: `${share * 100}%` }} />
              <span className={styles["others"]} style={{ width: `${Math.max(0, others) * 100}%` }} />
            </div>
            <dl className={styles["facts"]}>
              <Fact name={t("health.used")}>{formatBytes(volume.used_bytes, i18n.language)}</Fact>
              <Fact name={t("health.free")}>
                {t("health.capacity", {
                  free: formatBytes(volume.free_bytes, i18n.language),
                  size: formatBytes(volume.size_bytes, i18n.language),
                })}
              </Fact>
              <Fact name={t("health.oldest")}>
                {volume.oldest_at ? formatMoment(Date.parse(volume.oldest_at), nowMs, i18n.language) : "–"}
              </Fact>
              <Fact name={t("health.daysLeft")}>{daysWords(days)}</Fact>
              <Fact name={t("health.longestCommit")}>
                {`${formatNumber(volume.longest_commit_s * 1000, i18n.language)} ms`}
              </Fact>
              {volume.max_bytes > 0 ? (
                <Fact name={t("health.limit")}>{formatBytes(volume.max_bytes, i18n.language)}</Fact>
              ) : null}
            </dl>
          </article>
        );
      })}
    </div>
  );
}

const CONTROL_TONES: Record<System["controls"][number]["state"], Tone> = {
  holds: "good",
  weakened: "warn",
  absent: "bad",
  unknown: "neutral",
};

function Controls({ controls }: { controls: System["controls"] }) {
  const { t } = useTranslation();
  const words = useWords();
  if (controls.length === 0) return <p className="muted">–</p>;
  return (
    <Table
      label={t("health.controls")}
      head={
        <>
          <th scope="col">{t("health.control")}</th>
          <th scope="col">{t("health.state")}</th>
          <th scope="col">{t("health.layers")}</th>
          <th scope="col">{t("health.detail")}</th>
        </>
      }
    >
      {controls.map((control) => (
        <tr key={control.name}>
          <td data-cell="title">{words.any("health.controlNames", control.name)}</td>
          <td data-label={t("health.state")}>
            <Badge tone={CONTROL_TONES[control.state]}>{t(`health.controlStates.${control.state}`)}</Badge>
          </td>
          <td data-label={t("health.layers")}>
            <span className={styles["layers"]}>
              {Object.entries(control.layers).map(([layer, holds]) => (
                <Badge key={layer} tone={holds ? "good" : "bad"}>
                  {words.any("health.layerNames", layer)}
                </Badge>
              ))}
              {Object.keys(control.layers).length === 0 ? "–" : null}
            </span>
          </td>
          <td data-label={t("health.detail")}>{control.detail || "–"}</td>
        </tr>
      ))}
    </Table>
  );
}

/** A classifier's figures under shift, scale and turn: Lab shows them as a table. */
const OF_CHANGED = /^accuracy_(shift|scale|turn)_/;

const MODEL_TONES: Record<string, Tone> = { installed: "good", refused: "bad" };

function Models() {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const { data, error } = useModels();
  if (error) return <ProblemNote error={error} />;
  if (!data) return <TableSkeleton rows={1} />;
  if (data.length === 0) return <p className="muted">{t("health.noModels")}</p>;
  return (
    <Table
      label={t("health.models")}
      head={
        <>
          <th scope="col">{t("health.model")}</th>
          <th scope="col">{t("health.task")}</th>
          <th scope="col">{t("health.state")}</th>
          <th scope="col">{t("health.figures")}</th>
          <th scope="col">{t("health.licence")}</th>
        </>
      }
    >
      {data.map((model) => (
        <tr key={model.name}>
          <td data-cell="title">
            {model.name} <span className="muted">{model.release}</span>
          </td>
          <td data-label={t("health.task")}>{words.any("health.tasks", model.task)}</td>
          <td data-label={t("health.state")}>
            <span className={styles["state"]}>
              <Badge tone={MODEL_TONES[model.state] ?? "neutral"}>{words.any("health.modelStates", model.state)}</Badge>
              {model.reason ? <span className="muted">{model.reason}</span> : null}
            </span>
          </td>
          <td data-label={t("health.figures")}>
            {model.figures
              .filter(({ name }) => !OF_CHANGED.test(name))
              .map((one) => `${one.name} ${one.value.toLocaleString(i18n.language, { maximumSignificantDigits: 3 })}`)
              .join(" · ") || "–"}
          </td>
          <td data-label={t("health.licence")}>{model.licence}</td>
        </tr>
      ))}
    </Table>
  );
}

/** What the operator could add, and what is wrong with what he added. */
function OwnModels() {
  const { t } = useTranslation();
  const { data: models = [], isSuccess } = useModels();
  const { data: faults = [] } = useModelFaults();
  const tellsMakes = models.some(({ task, state }) => task === "vehicle_make" && state === "installed");
  return (
    <>
      {faults.map(({ file, reason }) => (
        <p key={file}>
          <Badge tone="bad">{t("health.modelStates.refused")}</Badge> {file}: {reason}
        </p>
      ))}
      {isSuccess && !tellsMakes ? <p className="muted">{t("absent.make")}</p> : null}
    </>
  );
}

function Machine({ machine }: { machine: System["machine"] }) {
  const { t, i18n } = useTranslation();
  return (
    <dl className={styles["facts"]}>
      <Fact name={t("health.system")}>{`${machine.host} · ${machine.system} · Python ${machine.python}`}</Fact>
      <Fact name={t("health.load")}>
        {`${formatNumber(machine.load_1m, i18n.language, 2)} / ${t("health.cores", { count: machine.cpu_count })}`}
      </Fact>
      <Fact name={t("health.memory")}>
        {t("health.memoryValue", {
          free: formatBytes(machine.memory_available_bytes, i18n.language),
          total: formatBytes(machine.memory_total_bytes, i18n.language),
        })}
      </Fact>
      <Fact name={t("health.uptime")}>{formatDuration(machine.uptime_s * 1000)}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
