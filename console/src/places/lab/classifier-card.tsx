// How good the classifier is, as it was measured when it was released, and how that falls when pictures change.

import { useTranslation } from "react-i18next";
import { useClassifier } from "../../api/lab";
import type { ClassifierCard as Card } from "../../api/types";
import { formatBytes, formatNumber } from "../../lib/format";
import { Skeleton } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { ChangesTables } from "./changes-tables";
import { Figure } from "./figure";
import styles from "./lab.module.css";

export function ClassifierCard({ nameClass }: { nameClass: (label: string) => string }) {
  const { t } = useTranslation();
  const { data, error } = useClassifier();
  const words = data && { classes: data.known_classes.map(nameClass).join(", "), release: data.release };
  return (
    <section className={styles["measured"]} aria-label={t("lab.measured.title")}>
      <h2>{t("lab.measured.title")}</h2>
      {words ? <p className="muted">{t("lab.knows", words)}</p> : null}
      {error ? <ProblemNote error={error} /> : null}
      {!data && !error ? <Skeleton height={320} /> : null}
      {data ? <Measured card={data} /> : null}
    </section>
  );
}

function Measured({ card }: { card: Card }) {
  const { t, i18n } = useTranslation();
  const number = (value: number, digits = 0) => formatNumber(value, i18n.language, digits);
  const percent = (share: number | null, digits = 0) => (share === null ? "–" : `${number(100 * share, digits)} %`);
  return (
    <>
      <dl className={styles["figures"]}>
        <Figure name={t("lab.own.columns.accuracy")} value={percent(card.accuracy, 1)}>
          {card.accuracy === null ? t("lab.measured.not") : t("lab.measured.accuracyLead")}
        </Figure>
        <Figure name={t("lab.own.ece")} value={percent(card.ece, 1)}>
          {t("lab.own.eceLead")}
        </Figure>
        <Figure name={t("lab.own.noneBelow")} value={percent(card.none_below)}>
          {t("lab.measured.noneBelowLead")}
        </Figure>
        <Figure name={t("lab.measured.size")} value={formatBytes(card.size_bytes, i18n.language)}>
          {t("lab.measured.parameters", { number: number(card.parameters) })}
        </Figure>
      </dl>
      <ChangesTables steps={card.changes} asIs={card.accuracy} lead={t("lab.measured.changesLead")} />
      {card.command ? (
        <p className="muted">
          {t("lab.measured.how", { data: card.data })} <code>{card.command}</code>
        </p>
      ) : null}
    </>
  );
}
