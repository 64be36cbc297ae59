// Can the footage be proven? The log's fingerprint, its newest signature, its keys, and how anybody checks a bundle.

import { Check, Copy, KeyRound, Printer } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/context";
import { useEvidence, useRotateKey } from "../../../api/storage";
import type { Evidence } from "../../../api/types";
import { formatDuration, formatMoment, formatNumber } from "../../../lib/format";
import { Button } from "../../../parts/button";
import { Dialog } from "../../../parts/dialog";
import { SwitchField, TextField } from "../../../parts/field";
import { Badge, PageHead, Table, TableSkeleton, type Tone } from "../../../parts/misc";
import { ProblemNote } from "../../../parts/problem-note";
import { useWords } from "../../../parts/words";
import styles from "./evidence.module.css";
import { behindOf, groupFingerprint, isCheckpointLate, signsWithOne } from "./evidence-facts";

const TONES: Record<string, Tone> = { holds: "good", weakened: "warn", absent: "neutral" };

export function EvidencePage() {
  const { t } = useTranslation();
  const may = useMay();
  const { data, error } = useEvidence();
  const [isRotating, setRotating] = useState(false);
  return (
    <>
      <PageHead title={t("evidence.title")} lead={t("evidence.lead")}>
        {may("evidence.manage") && data ? (
          <Button onPress={() => setRotating(true)}>
            <KeyRound size={15} aria-hidden />
            {t("evidence.rotate")}
          </Button>
        ) : null}
      </PageHead>
      {error && !data ? <ProblemNote error={error} what={t("evidence.failed")} /> : null}
      {!data && !error ? <TableSkeleton rows={5} /> : null}
      {data ? (
        <>
          <Fingerprint evidence={data} />
          <State evidence={data} />
          <Keys keys={data.keys} due={data.key_due} />
          <CheckABundle fingerprint={data.fingerprint} />
        </>
      ) : null}
      {isRotating ? <RotateDialog onClose={() => setRotating(false)} /> : null}
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

function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard?.writeText(text).then(() => setCopied(true));
  return (
    <Button onPress={copy}>
      {isCopied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
      {isCopied ? t("common.copied") : label}
    </Button>
  );
}

function Fingerprint({ evidence }: { evidence: Evidence }) {
  const { t } = useTranslation();
  return (
    <section className={styles["fingerprint"]} aria-label={t("evidence.fingerprint")} data-print>
      <h2>{t("evidence.fingerprint")}</h2>
      <p className="muted">{t("evidence.fingerprintLead")}</p>
      <code>{groupFingerprint(evidence.fingerprint)}</code>
      <p className={styles["site"]}>{t("evidence.site", { site: evidence.site })}</p>
      <div className={styles["buttons"]}>
        <CopyButton text={evidence.fingerprint} label={t("common.copy")} />
        <Button onPress={() => window.print()}>
          <Printer size={15} aria-hidden />
          {t("evidence.print")}
        </Button>
      </div>
    </section>
  );
}

function State({ evidence }: { evidence: Evidence }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const nowMs = Date.now();
  const { checkpoint } = evidence;
  const signedMs = checkpoint?.at ? Date.parse(checkpoint.at) : null;
  const behind = behindOf(evidence.behind);
  return (
    <Section title={t("evidence.state")}>
      <dl className={styles["facts"]}>
        <Fact name={t("evidence.log")}>
          <Badge tone={TONES[evidence.state] ?? "neutral"}>{words.any("health.controlStates", evidence.state)}</Badge>
          {evidence.detail ? <span className="muted">{evidence.detail}</span> : null}
        </Fact>
        <Fact name={t("evidence.checkpoint")}>
          {signedMs === null
            ? t("common.never")
            : `${formatMoment(signedMs, nowMs, i18n.language)} (${t("evidence.ago", { time: formatDuration(nowMs - signedMs) })})`}
          {isCheckpointLate(signedMs, nowMs) ? <Badge tone="warn">{t("evidence.late")}</Badge> : null}
        </Fact>
        <Fact name={t("evidence.size")}>{formatNumber(checkpoint?.size, i18n.language)}</Fact>
        <Fact name={t("evidence.behind")}>
          {behind.total === 0 ? (
            <Badge tone="good">{t("evidence.caughtUp")}</Badge>
          ) : (
            behind.volumes.map(([volume, count]) => (
              <span key={volume}>{t("evidence.behindVolume", { volume, count })}</span>
            ))
          )}
        </Fact>
        <Fact name={t("evidence.sealing")}>
          <Badge tone={TONES[evidence.sealing.state] ?? "neutral"}>
            {words.any("health.controlStates", evidence.sealing.state)}
          </Badge>
          {evidence.sealing.detail ? <span className="muted">{evidence.sealing.detail}</span> : null}
        </Fact>
        <Fact name={t("evidence.witnesses")}>{evidence.witnesses.join(", ") || t("evidence.noWitness")}</Fact>
        <Fact name={t("evidence.timeStamps")}>{evidence.time_stamps.join(", ") || t("evidence.noWitness")}</Fact>
      </dl>
      {checkpoint ? (
        <p className={styles["root"]}>
          <span className="muted">{t("evidence.root")}</span> <code>{checkpoint.root}</code>
        </p>
      ) : null}
    </Section>
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

function Keys({ keys, due }: { keys: Evidence["keys"]; due: Evidence["key_due"] }) {
  const { t, i18n } = useTranslation();
  const at = (text: string) => formatMoment(Date.parse(text), 0, i18n.language);
  return (
    <Section title={t("evidence.keys")}>
      <Table
        label={t("evidence.keys")}
        head={
          <>
            <th scope="col">{t("evidence.key")}</th>
            <th scope="col">{t("evidence.signsWith")}</th>
            <th scope="col">{t("review.from")}</th>
            <th scope="col">{t("review.to")}</th>
          </>
        }
      >
        {keys.map((key) => (
          <tr key={key.fingerprint}>
            <td data-cell="title" className={styles["keyName"]}>
              <code>{key.fingerprint}</code>
            </td>
            <td data-label={t("evidence.signsWith")}>{key.signatures.join(", ")}</td>
            <td data-label={t("review.from")}>{at(key.from)}</td>
            <td data-label={t("review.to")}>
              {key.to ? at(key.to) : <Badge tone="good">{t("evidence.inUse")}</Badge>}
              {key.beside_until ? (
                <Badge tone="warn">{t("evidence.besideUntil", { date: at(key.beside_until) })}</Badge>
              ) : null}
            </td>
          </tr>
        ))}
      </Table>
      <p className="muted">{due ? t("evidence.keyDue", { date: at(due) }) : t("evidence.keyByHand")}</p>
      {signsWithOne(keys) ? <p className="muted">{t("evidence.signedOnce")}</p> : null}
    </Section>
  );
}

function CheckABundle({ fingerprint }: { fingerprint: string }) {
  const { t } = useTranslation();
  const command = `python3 -I verify.py . --trust ${fingerprint}`;
  return (
    <Section title={t("evidence.check")}>
      <p>{t("evidence.checkLead")}</p>
      <ol className={styles["list"]}>
        <li>{t("evidence.step1")}</li>
        <li>{t("evidence.step2")}</li>
        <li>
          {t("evidence.step3")}
          <div className={styles["command"]}>
            <code>{command}</code>
            <CopyButton text={command} label={t("common.copy")} />
          </div>
        </li>
        <li>{t("evidence.step4")}</li>
      </ol>
      <dl className={styles["answers"]}>
        {(["valid", "invalid", "unsure"] as const).map((answer) => (
          <div key={answer}>
            <dt>
              <Badge tone={answer === "valid" ? "good" : answer === "invalid" ? "bad" : "warn"}>
                {t(`evidence.answers.${answer}.word`)}
              </Badge>
            </dt>
            <dd>{t(`evidence.answers.${answer}.meaning`)}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

function RotateDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  const [isStolen, setStolen] = useState(false);
  const rotate = useRotateKey();
  return (
    <Dialog
      title={t("evidence.rotateTitle")}
      role="alertdialog"
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button
            look="danger"
            isDisabled={reason.trim() === "" || rotate.isPending}
            onPress={() => rotate.mutate({ reason: reason.trim(), isStolen }, { onSuccess: onClose })}
          >
            {t("evidence.rotate")}
          </Button>
        </>
      }
    >
      <p>{t("evidence.rotateConsequence")}</p>
      <TextField label={t("evidence.rotateReason")} value={reason} onChange={setReason} maxLength={500} isRequired />
      <SwitchField label={t("evidence.rotateStolen")} isSelected={isStolen} onChange={setStolen} />
      {rotate.error ? <ProblemNote error={rotate.error} what={t("evidence.rotateFailed")} /> : null}
    </Dialog>
  );
}
