// Is the system well? Processes, streams, storage, protection, models, machine. What is not well comes first, in words.

import { CircleCheck, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/context";
import { useSystem } from "../../../api/queries";
import type { System } from "../../../api/types";
import { formatMoment } from "../../../lib/format";
import { PageHead, TableSkeleton } from "../../../parts/misc";
import { ProblemNote } from "../../../parts/problem-note";
import { useWords } from "../../../parts/words";
import { Analysis, DetectorWords } from "./analysis";
import { Controls } from "./controls";
import styles from "./health.module.css";
import { troublesOf } from "./health-facts";
import { Machine } from "./machine";
import { Models, OwnModels } from "./models";
import { Processes } from "./processes";
import { Streams } from "./streams";
import { Volumes } from "./volumes";

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
