// Adding or changing one camera, with a test of the connection that shows each step. The form stays when a save fails.

import { Check, CircleAlert, CircleCheck, Loader, PlugZap, X } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../../../api/problem";
import { useSaveCamera, useTestCamera } from "../../../api/queries";
import type { Camera, ProbeReport, ProbeStep } from "../../../api/types";
import { formatBitrate, formatCodec, formatNumber } from "../../../lib/format";
import { Button } from "../../../parts/button";
import { Dialog } from "../../../parts/dialog";
import { SelectField, SwitchField, TextField } from "../../../parts/field";
import { ProblemNote } from "../../../parts/problem-note";
import { useCodeWords } from "../../../parts/problem-words";
import { SetChoice } from "../../../parts/set-choice";
import { SigningWords } from "../../../parts/signing-words";
import { useWords } from "../../../parts/words";
import styles from "./camera-dialog.module.css";
import {
  bodyOf,
  type CameraForm,
  EMPTY_FORM,
  faultsOf,
  formOf,
  probeOf,
  RECOGNITION,
  splitLogin,
  switchRecognition,
} from "./form";

export function CameraDialog({ camera, onClose }: { camera: Camera | null; onClose: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState<CameraForm>(() => (camera ? formOf(camera) : EMPTY_FORM));
  const [isTried, setTried] = useState(false);
  const save = useSaveCamera();
  const test = useTestCamera();
  const faults = faultsOf(form);
  const set = (change: Partial<CameraForm>) => setForm((before) => ({ ...before, ...change }));

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(faults).length > 0) return;
    save.mutate({ id: camera?.id ?? null, camera: bodyOf(form, camera) }, { onSuccess: onClose });
  };

  return (
    <Dialog
      title={camera ? t("camera.editTitle", { name: camera.name }) : t("camera.addTitle")}
      onClose={onClose}
      isWide
      actions={
        <>
          <Button
            onPress={() => test.mutate(probeOf(form))}
            isDisabled={test.isPending || faults.mainUrl !== undefined}
            className={styles["test"]}
          >
            <PlugZap size={15} aria-hidden />
            {test.isPending ? t("camera.testing") : t("camera.test")}
          </Button>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button look="primary" onPress={() => submitForm()} isDisabled={save.isPending}>
            {save.isPending ? t("common.saving") : t("common.save")}
          </Button>
        </>
      }
    >
      <form id="camera-form" onSubmit={submit} className={styles["form"]}>
        <Fields
          form={form}
          set={set}
          faults={isTried ? faults : {}}
          error={save.error}
          hasLogin={camera?.has_login ?? false}
        />
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
      <TestResult report={test.data} error={test.error} isPending={test.isPending} />
      {save.error ? <ProblemNote error={save.error} what={t("camera.saveFailed")} /> : null}
    </Dialog>
  );
}

function submitForm(): void {
  const form = document.getElementById("camera-form");
  if (form instanceof HTMLFormElement) form.requestSubmit();
}

interface FieldsProps {
  form: CameraForm;
  set: (change: Partial<CameraForm>) => void;
  faults: ReturnType<typeof faultsOf>;
  error: unknown;
  hasLogin: boolean;
}

function Fields({ form, set, faults, error, hasLogin }: FieldsProps) {
  const { t } = useTranslation();
  const words = (fault: keyof typeof faults, field: string) => {
    const own = faults[fault];
    return own ? t(`camera.faults.${own}`) : error instanceof Problem ? error.fieldError(field) : undefined;
  };
  const setUrl = (mainUrl: string) => {
    const split = splitLogin(mainUrl);
    set(split ? { mainUrl: split.url, user: split.user, password: split.password } : { mainUrl });
  };
  return (
    <>
      <div className={styles["pair"]}>
        <TextField
          label={t("camera.name")}
          name="name"
          value={form.name}
          onChange={(name) => set({ name })}
          error={words("name", "name")}
          maxLength={128}
          autoFocus
        />
        <TextField
          label={t("camera.group")}
          name="group"
          value={form.group}
          onChange={(group) => set({ group })}
          hint={t("camera.groupHint")}
          maxLength={128}
        />
      </div>
      <TextField
        label={t("camera.main")}
        name="main"
        value={form.mainUrl}
        onChange={setUrl}
        placeholder="rtsp://192.168.1.64:554/Streaming/Channels/101"
        hint={t("camera.mainHint")}
        error={words("mainUrl", "url")}
      />
      <TextField
        label={t("camera.sub")}
        name="sub"
        value={form.subUrl}
        onChange={(subUrl) => set({ subUrl })}
        placeholder="rtsp://192.168.1.64:554/Streaming/Channels/102"
        hint={t("camera.subHint")}
        error={words("subUrl", "sub")}
      />
      <div className={styles["pair"]}>
        <TextField
          label={t("camera.user")}
          name="camera-user"
          value={form.user}
          onChange={(user) => set({ user })}
          autoComplete="off"
        />
        <TextField
          label={t("camera.password")}
          name="camera-password"
          type="password"
          value={form.password}
          onChange={(password) => set({ password })}
          autoComplete="new-password"
          hint={hasLogin ? t("camera.passwordKept") : t("camera.passwordHint")}
        />
      </div>
      <div className={styles["pair"]}>
        <SelectField
          label={t("camera.record")}
          value={form.record}
          onChange={(record) => set({ record: record as CameraForm["record"] })}
          options={(["main", "sub", "both", "none"] as const).map((id) => ({ id, label: t(`camera.records.${id}`) }))}
          hint={faults.record ? t(`camera.faults.${faults.record}`) : undefined}
        />
        <SelectField
          label={t("camera.detector")}
          value={form.detector}
          onChange={(detector) => set({ detector })}
          options={detectorOptions(form.detector).map((id) => ({
            id,
            label: id === "auto" || id === "motion" || id === "none" ? t(`camera.detectors.${id}`) : id,
          }))}
        />
      </div>
      <fieldset className={styles["recognition"]} disabled={form.detector === "none"}>
        <legend>{t("camera.recognition")}</legend>
        {RECOGNITION.map((name) => (
          <SwitchField
            key={name}
            label={t(`camera.recognitions.${name}`)}
            isSelected={form.recognize.includes(name)}
            onChange={(isOn) => set({ recognize: switchRecognition(form.recognize, name, isOn) })}
          />
        ))}
        {form.recognize.includes("faces") ? <p className={styles["warning"]}>{t("camera.facesWarning")}</p> : null}
      </fieldset>
      <SetChoice
        value={form.categories}
        onChange={(categories) => set({ categories })}
        isDisabled={form.detector === "none"}
        error={error instanceof Problem ? error.fieldError("categories") : undefined}
      />
      <details className={styles["more"]}>
        <summary>{t("camera.more")}</summary>
        <div className={styles["moreBody"]}>
          <SelectField
            label={t("camera.transport")}
            value={form.transport}
            onChange={(transport) => set({ transport: transport as CameraForm["transport"] })}
            options={(["auto", "tcp", "udp"] as const).map((id) => ({ id, label: t(`camera.transports.${id}`) }))}
          />
          <SwitchField
            label={t("camera.checkCertificate")}
            isSelected={form.checksCertificate}
            onChange={(checksCertificate) => set({ checksCertificate })}
          />
          {form.checksCertificate ? (
            <TextField
              label={t("camera.certificateAuthority")}
              hint={t("camera.certificateAuthorityHint")}
              value={form.caPem}
              onChange={(caPem) => set({ caPem })}
              placeholder="-----BEGIN CERTIFICATE-----"
              isMultiline
              maxLength={65536}
            />
          ) : (
            <p className={styles["warning"]}>{t("camera.uncheckedWarning")}</p>
          )}
          <SwitchField
            label={t("camera.enabled")}
            isSelected={form.isEnabled}
            onChange={(isEnabled) => set({ isEnabled })}
          />
        </div>
      </details>
    </>
  );
}

const detectorOptions = (present: string): string[] => [...new Set(["auto", "motion", "none", present])];

interface TestResultProps {
  report: ProbeReport | undefined;
  error: unknown;
  isPending: boolean;
}

function TestResult({ report, error, isPending }: TestResultProps) {
  const { t } = useTranslation();
  const say = useCodeWords();
  const result = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (report) result.current?.scrollIntoView({ block: "nearest" });
  }, [report]);
  if (isPending) {
    return (
      <div className={styles["result"]} role="status">
        <span className={styles["resultHead"]}>
          <Loader size={16} className={styles["turning"]} aria-hidden />
          {t("camera.testing")}
        </span>
      </div>
    );
  }
  if (error) return <ProblemNote error={error} what={t("camera.testFailed")} />;
  if (!report) return null;
  const known = say(report.error?.code ?? "");
  return (
    <div ref={result} className={styles["result"]} data-ok={report.ok} role="status">
      <span className={styles["resultHead"]}>
        {report.ok ? <CircleCheck size={16} aria-hidden /> : <CircleAlert size={16} aria-hidden />}
        {report.ok ? t("camera.testOk") : known.reason || report.error?.message || t("camera.testFailed")}
      </span>
      {report.error ? <p className="muted">{known.hint || report.error.hint}</p> : null}
      <ol className={styles["steps"]}>
        {report.steps.map((step) => (
          <Step key={step.name} step={step} />
        ))}
      </ol>
      <Streams streams={report.streams} />
      {report.signing && report.signing.result !== "unsigned" ? (
        <p>
          {t("signing.title")}: <SigningWords signing={{ ...report.signing, vouched: report.signing.is_vouched }} />
        </p>
      ) : null}
    </div>
  );
}

function Step({ step }: { step: ProbeStep }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  return (
    <li data-ok={step.ok}>
      {step.ok ? (
        <Check size={14} aria-label={t("camera.stepOk")} />
      ) : (
        <X size={14} aria-label={t("camera.stepFailed")} />
      )}
      <span>{words.any("steps", step.name)}</span>
      <span className="muted truncate">{step.detail}</span>
      <span className={styles["ms"]}>{formatNumber(step.ms, i18n.language, step.ms < 10 ? 1 : 0)} ms</span>
    </li>
  );
}

function Streams({ streams }: { streams: ProbeReport["streams"] }) {
  const { i18n } = useTranslation();
  return (
    <ul className={styles["streams"]}>
      {streams.map((stream) => (
        <li key={`${stream.kind}-${stream.codec}`}>
          <strong>{formatCodec(stream.codec)}</strong>
          {stream.width ? <span>{`${stream.width} × ${stream.height}`}</span> : null}
          {stream.fps ? <span>{formatNumber(stream.fps, i18n.language)} fps</span> : null}
          {stream.bitrate_bps ? <span>{formatBitrate(stream.bitrate_bps, i18n.language)}</span> : null}
          {stream.gop_s ? <span>GOP {formatNumber(stream.gop_s, i18n.language, 1)} s</span> : null}
          {stream.sample_rate_hz ? <span>{stream.sample_rate_hz / 1000} kHz</span> : null}
        </li>
      ))}
    </ul>
  );
}
