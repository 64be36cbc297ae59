// One seen object: its picture, what is known of it, its footage, others like it, and its path across cameras.

import { Link } from "@tanstack/react-router";
import { ArrowLeft, FileVideo, Play, Route, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import { useEraseObjects, useSearchWords, useSeenObject, useTrace } from "../../api/search";
import type { SearchWay, SeenObject } from "../../api/types";
import { formatClock, formatDay, formatNumber } from "../../lib/format";
import { AbsentAttributes } from "../../parts/absent-attributes";
import { useAttributeWords } from "../../parts/attribute-words";
import { Button, buttonClass } from "../../parts/button";
import { ConfirmDialog } from "../../parts/dialog";
import { SelectField, TextField } from "../../parts/field";
import { Skeleton } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { useWords } from "../../parts/words";
import styles from "./search.module.css";
import { BIOMETRIC, readRange, readWay, type SearchAddress } from "./state";
import { TraceView } from "./trace";
import { Fit, ObjectPicture, seconds } from "./wall";

interface DetailProps {
  id: string;
  isTraced: boolean;
  address: SearchAddress;
  onGo: (change: Partial<SearchAddress>) => void;
  onClose: () => void;
}

export function ObjectDetail({ id, isTraced, address, onGo, onClose }: DetailProps) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const words = useWords();
  const { data: item, error } = useSeenObject(id);
  const [isErasing, setErasing] = useState(false);
  const erase = useEraseObjects();
  if (error) return <ProblemNote error={error} what={t("search.gone")} />;
  if (!item) return <Skeleton height={320} />;
  const at = Date.parse(item.best);
  return (
    <aside className={styles["detail"]} aria-label={t("search.detail")}>
      <header className={styles["detailHead"]}>
        <Button look="quiet" small onPress={onClose} aria-label={t("search.close")}>
          <ArrowLeft size={16} aria-hidden />
        </Button>
        <div>
          <h2>{item.camera_name || words.objectClass(item.object_class)}</h2>
          <p className="muted">
            {item.file ? `${seconds(item.file.first_s)} – ${seconds(item.file.last_s)}` : null}
            {item.file?.dated ? " · " : null}
            {item.file && !item.file.dated
              ? null
              : `${formatDay(at, i18n.language)}, ${formatClock(Date.parse(item.from), i18n.language)} – ${formatClock(Date.parse(item.to), i18n.language)}`}
          </p>
        </div>
      </header>
      <ObjectPicture item={item} />
      <Fit item={item} />
      <div className={styles["actions"]}>
        {may("recording.play") && item.recorded ? (
          <Link to="/review" search={{ cameras: item.camera_id, at: item.best }} className={buttonClass("primary")}>
            <Play size={15} aria-hidden />
            {t("search.play")}
          </Link>
        ) : null}
        {item.file ? (
          <Link
            to="/files"
            search={{ job: item.file.job_id, at: String(item.file.best_s) }}
            className={buttonClass("primary")}
          >
            <FileVideo size={15} aria-hidden />
            {t("search.openFile")}
          </Link>
        ) : null}
        {item.recorded || item.file ? null : <span className="muted">{t("search.noFootage")}</span>}
        {may("footage.erase") ? (
          <Button look="quiet" onPress={() => setErasing(true)}>
            <Trash2 size={15} aria-hidden />
            {t("search.erase")}
          </Button>
        ) : null}
      </div>
      <Facts item={item} />
      <Untold item={item} />
      <Likeness item={item} isTraced={isTraced} address={address} onGo={onGo} />
      {isErasing ? (
        <ConfirmDialog
          title={t("search.eraseTitle")}
          consequence={t("search.eraseConsequence")}
          action={t("search.erase")}
          onConfirm={async () => {
            await erase.mutateAsync({ object_ids: [id], reason: t("search.eraseReason") });
            onClose();
          }}
          onClose={() => setErasing(false)}
        />
      ) : null}
    </aside>
  );
}

function Facts({ item }: { item: SeenObject }) {
  const { t, i18n } = useTranslation();
  const words = useWords();
  const attributes = useAttributeWords();
  const percent = (share: number) => `${formatNumber(share * 100, i18n.language)} %`;
  return (
    <table className={styles["facts"]}>
      <tbody>
        <tr>
          <th scope="row">{t("search.class")}</th>
          <td>{words.objectClass(item.object_class)}</td>
          <td className="muted">{percent(item.confidence)}</td>
        </tr>
        {item.plate ? (
          <tr>
            <th scope="row">{t("alarms.plate")}</th>
            <td>
              <span className="mono">{item.plate.text}</span>{" "}
              {item.plate.state === "unsure" ? <span className="muted">{t("alarms.unclear")}</span> : null}
            </td>
            <td className="muted">{percent(item.plate.confidence)}</td>
          </tr>
        ) : null}
        {Object.entries(item.attributes).map(([name, { value, confidence }]) => (
          <tr key={name}>
            <th scope="row">{attributes.name(name)}</th>
            <td>{attributes.value(name, value)}</td>
            <td className="muted">{percent(confidence)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Of a vehicle: that nothing tells its make. */
function Untold({ item }: { item: SeenObject }) {
  const { data } = useSearchWords();
  return item.object_class === "vehicle" && data ? <AbsentAttributes absent={data.absent} /> : null;
}

type LikenessProps = Omit<DetailProps, "id" | "onClose"> & { item: SeenObject };

/** Others like it, and its path. By face or appearance only with a reason, which goes into the audit trail. */
function Likeness({ item, isTraced, address, onGo }: LikenessProps) {
  const { t } = useTranslation();
  const by = item.ways.find((way) => way === readWay(address.by)) ?? item.ways[0];
  const [purpose, setPurpose] = useState(address.why ?? "");
  if (!by) return <p className="muted">{t("search.noWays")}</p>;
  const needsPurpose = BIOMETRIC.includes(by);
  const isReady = !needsPurpose || purpose.trim() !== "";
  const why = needsPurpose ? purpose.trim() : undefined;
  return (
    <section className={styles["likeness"]}>
      <SelectField
        label={t("search.way")}
        value={by}
        options={item.ways.map((way) => ({ id: way, label: t(`search.ways.${way}`) }))}
        onChange={(way) => onGo({ by: way, object: item.id, trace: undefined })}
      />
      {needsPurpose ? (
        <TextField
          label={t("search.purpose")}
          hint={t("search.purposeHint")}
          value={purpose}
          onChange={setPurpose}
          maxLength={500}
        />
      ) : null}
      <div className={styles["actions"]}>
        <Button isDisabled={!isReady} onPress={() => onGo({ trace: "1", by, why, object: item.id })}>
          <Route size={15} aria-hidden />
          {t("search.trace")}
        </Button>
        <Button
          isDisabled={!isReady}
          onPress={() => onGo({ like: item.id, by, why, q: undefined, attributes: undefined })}
        >
          {t("search.similar")}
        </Button>
      </div>
      {isTraced && isReady ? <Traced item={item} by={by} address={address} onGo={onGo} /> : null}
    </section>
  );
}

interface TracedProps {
  item: SeenObject;
  by: SearchWay;
  address: SearchAddress;
  onGo: (change: Partial<SearchAddress>) => void;
}

function Traced({ item, by, address, onGo }: TracedProps) {
  const { t } = useTranslation();
  const { source, cameras, from, to, why } = address;
  const question = useMemo(
    () => ({
      ...readRange(
        {
          ...(source ? { source } : {}),
          ...(cameras ? { cameras } : {}),
          ...(from ? { from } : {}),
          ...(to ? { to } : {}),
        },
        new Date(),
      ),
      object_id: item.id,
      by,
      purpose: why ?? "",
    }),
    [item.id, by, why, source, cameras, from, to],
  );
  const { data, error } = useTrace(question);
  if (error) return <ProblemNote error={error} what={t("search.traceFailed")} />;
  if (!data) return <Skeleton height={120} />;
  return <TraceView trace={data} chosen={item.id} onChoose={(id) => onGo({ object: id, trace: "1" })} />;
}
