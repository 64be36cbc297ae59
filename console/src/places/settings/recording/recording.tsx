// When a camera is recorded, where, and how long it is kept; for one camera or several at once.

import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/context";
import { useCameras } from "../../../api/queries";
import { usePlans, useSavePlan, useVolumes } from "../../../api/storage";
import type { RecordingMode, RecordingPlan } from "../../../api/types";
import { Button, buttonClass } from "../../../parts/button";
import { SelectField, SwitchField, TextField } from "../../../parts/field";
import { Badge, PageHead, TableSkeleton } from "../../../parts/misc";
import { ProblemNote } from "../../../parts/problem-note";
import { WeekCalendar } from "./calendar";
import { Difference } from "./difference";
import { faultsOf, formOf, isFaultless, KEPT_MODES, MODES, type PlanFaults, type PlanForm, planOf } from "./plan";
import styles from "./recording.module.css";

const route = getRouteApi("/app/settings/recording");

export function RecordingPage() {
  const { t } = useTranslation();
  const { cameras: wanted } = route.useSearch();
  const ids = (wanted ?? "").split(",").filter(Boolean);
  const { data: all } = useCameras();
  const plans = usePlans(ids);
  const error = plans.find((plan) => plan.error)?.error;
  const targets = ids.flatMap((id, index) => {
    const plan = plans[index]?.data;
    return plan ? [{ id, name: all?.find((camera) => camera.id === id)?.name ?? id.slice(-6), plan }] : [];
  });
  const isReady = all !== undefined && ids.length > 0 && targets.length === ids.length;
  const title =
    targets.length === 1 ? t("plan.title", { name: targets[0]?.name }) : t("plan.titleMany", { count: ids.length });
  return (
    <>
      <PageHead title={title} lead={t("plan.lead")}>
        <Link to="/settings/cameras" className={buttonClass()}>
          {t("plan.back")}
        </Link>
      </PageHead>
      {error ? <ProblemNote error={error} what={t("plan.failed")} /> : null}
      {ids.length === 0 ? <p className="muted">{t("plan.none")}</p> : null}
      {ids.length > 0 && !isReady && !error ? <TableSkeleton rows={6} /> : null}
      {isReady ? <Editor key={ids.join(",")} targets={targets} /> : null}
    </>
  );
}

export interface Target {
  id: string;
  name: string;
  plan: RecordingPlan;
}

function Editor({ targets }: { targets: readonly Target[] }) {
  const { t } = useTranslation();
  const [form, setForm] = useState(() => formOf((targets[0] as Target).plan));
  const [failed, setFailed] = useState<{ name: string; error: unknown }[]>([]);
  const [isSaved, setSaved] = useState(false);
  const save = useSavePlan();
  const faults = faultsOf(form);
  const isSound = isFaultless(faults);
  const set = (change: Partial<PlanForm>) => {
    setSaved(false);
    setForm((before) => ({ ...before, ...change }));
  };
  const submit = async () => {
    const refused: typeof failed = [];
    for (const { id, name } of targets) {
      await save.mutateAsync({ id, plan: planOf(form) }).catch((error: unknown) => refused.push({ name, error }));
    }
    setFailed(refused);
    setSaved(refused.length === 0);
  };
  return (
    <div className={styles["editor"]}>
      {targets.length > 1 ? (
        <p className={styles["targets"]}>
          {targets.map((target) => (
            <Badge key={target.id} dot={false}>
              {target.name}
            </Badge>
          ))}
          <span className="muted">{t("plan.manyNote", { name: targets[0]?.name })}</span>
        </p>
      ) : null}
      <Section title={t("plan.when")}>
        <div className={styles["pair"]}>
          <SelectField
            label={t("plan.mode")}
            hint={t(`plan.modeHints.${form.mode}`)}
            value={form.mode}
            onChange={(mode) => set({ mode: mode as RecordingMode })}
            options={MODES.map((id) => ({ id, label: t(`plan.modes.${id}`) }))}
          />
          <ZoneField zone={form.timezone} onChange={(timezone) => set({ timezone })} />
        </div>
        <WeekCalendar week={form.week} mode={form.mode} onChange={(week) => set({ week })} />
      </Section>
      <Section title={t("plan.trigger")}>
        <Trigger form={form} set={set} faults={faults} />
      </Section>
      <Section title={t("plan.retention")}>
        <p className="muted">{t("plan.retentionLead")}</p>
        <Retention form={form} set={set} faults={faults} />
      </Section>
      <VolumeChoice chosen={form.volumes} onChange={(volumes) => set({ volumes })} />
      <Section title={t("plan.changes")}>
        {isSound ? <Difference targets={targets} after={planOf(form)} /> : <p>{t("plan.faulty")}</p>}
        {failed.map(({ name, error }) => (
          <ProblemNote key={name} error={error} what={t("plan.saveFailed", { name })} />
        ))}
        <div className={styles["actions"]}>
          {isSaved ? <span role="status">{t("plan.saved")}</span> : null}
          <Button onPress={() => set(formOf((targets[0] as Target).plan))}>{t("plan.reset")}</Button>
          <Button look="primary" isDisabled={!isSound || save.isPending} onPress={() => void submit()}>
            {save.isPending ? t("common.saving") : t("common.save")}
          </Button>
        </div>
      </Section>
    </div>
  );
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className={styles["section"]} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function ZoneField({ zone, onChange }: { zone: string; onChange: (zone: string) => void }) {
  const { t } = useTranslation();
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [...new Set([zone, here, "UTC", ...Intl.supportedValuesOf("timeZone")])];
  return (
    <SelectField
      label={t("plan.timezone")}
      hint={zone === here ? undefined : t("plan.timezoneHint", { here })}
      value={zone}
      onChange={onChange}
      options={zones.map((id) => ({ id, label: id }))}
    />
  );
}

interface PartProps {
  form: PlanForm;
  set: (change: Partial<PlanForm>) => void;
  faults: PlanFaults;
}

function Trigger({ form, set, faults }: PartProps) {
  const { t } = useTranslation();
  return (
    <>
      <div className={styles["pair"]}>
        <TextField
          label={t("plan.pre")}
          hint={t("plan.preHint")}
          value={form.preS}
          onChange={(preS) => set({ preS })}
          error={faults.preS ? t("plan.notNumber") : undefined}
        />
        <TextField
          label={t("plan.post")}
          hint={t("plan.postHint")}
          value={form.postS}
          onChange={(postS) => set({ postS })}
          error={faults.postS ? t("plan.notNumber") : undefined}
        />
      </div>
      <SwitchField
        label={t("plan.packets")}
        isSelected={form.usePacketSizes}
        onChange={(usePacketSizes) => set({ usePacketSizes })}
      />
      <p className="muted">{t("plan.motionElsewhere")}</p>
    </>
  );
}

function Retention({ form, set, faults }: PartProps) {
  const { t } = useTranslation();
  return (
    <div className={styles["terms"]}>
      {KEPT_MODES.map((mode) => {
        const term = form.retention[mode];
        const change = (part: Partial<typeof term>) =>
          set({ retention: { ...form.retention, [mode]: { ...term, ...part } } });
        const fault = faults.retention[mode];
        return (
          <fieldset key={mode}>
            <legend>{t(`plan.modes.${mode}`)}</legend>
            <TextField
              label={t("plan.minDays")}
              value={term.min}
              placeholder={t("plan.noPromise")}
              onChange={(min) => change({ min })}
            />
            <TextField
              label={t("plan.maxDays")}
              value={term.max}
              placeholder={t("plan.noLimit")}
              onChange={(max) => change({ max })}
              error={fault ? t(fault === "order" ? "plan.minAboveMax" : "plan.notNumber") : undefined}
            />
          </fieldset>
        );
      })}
    </div>
  );
}

function VolumeChoice({
  chosen,
  onChange,
}: {
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}) {
  const { t } = useTranslation();
  const may = useMay();
  const { data: volumes } = useVolumes(may("system.view"));
  const names = [...new Set([...chosen, ...(volumes ?? []).map((volume) => volume.name)])];
  if (names.length === 0) return null;
  return (
    <Section title={t("plan.volumes")}>
      <p className="muted">{t("plan.volumesLead")}</p>
      <div className={styles["volumes"]}>
        {names.map((name) => {
          const place = chosen.indexOf(name);
          return (
            <SwitchField
              key={name}
              label={place < 0 ? name : `${place + 1}. ${name}`}
              isSelected={place >= 0}
              onChange={(isOn) => onChange(isOn ? [...chosen, name] : chosen.filter((other) => other !== name))}
            />
          );
        })}
      </div>
    </Section>
  );
}
