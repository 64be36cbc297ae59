// One set: how good it is on pictures that it never saw, plots of it, and a place to try others.

import { Link } from "@tanstack/react-router";
import { ArrowLeft, Download, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { setFileUrl, useDeleteSet, useSayChanged, useSaySet } from "../../api/categories";
import { useMay } from "../../api/context";
import { Problem } from "../../api/problem";
import type { CategorySet, SetFigures } from "../../api/types";
import { formatNumber } from "../../lib/format";
import { useAttributeWords } from "../../parts/attribute-words";
import { Button, buttonClass } from "../../parts/button";
import { ConfirmDialog } from "../../parts/dialog";
import { Table } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { Taught } from "./categories";
import { ChangesTables } from "./changes-tables";
import { Figure } from "./figure";
import styles from "./lab.module.css";
import { LookBox } from "./look-box";
import { Confusion, Reliability } from "./plots";

const SAME = (label: string) => label;

export function SetDetail({ set, onGone }: { set: CategorySet; onGone: () => void }) {
  const { t } = useTranslation();
  const words = useAttributeWords();
  const say = useSaySet(set.name);
  const sayChanged = useSayChanged(set.name);
  const { terms } = set;
  return (
    <>
      <header className={styles["cardHead"]}>
        <div>
          <Link to="/lab" search={{ view: "categories" }} className={styles["back"]}>
            <ArrowLeft size={16} aria-hidden />
            {t("lab.own.back")}
          </Link>
          <h2>{set.name}</h2>
          {terms ? (
            <p className="muted">
              {words.about(terms.about)} · {t("lab.own.ofPictures", { count: terms.pictures })} ·{" "}
              <Taught at={terms.made_at} by={set.taught_by || terms.made_by} /> · {terms.embedding}
            </p>
          ) : null}
        </div>
        <SetActions set={set} onGone={onGone} />
      </header>
      {set.code ? <ProblemNote error={new Problem(409, set.code, set.reason, set.reason)} /> : null}
      {terms && !set.code ? (
        <section className={styles["card"]} aria-label={t("lab.own.try")}>
          <h3>{t("lab.own.try")}</h3>
          <p className="muted">{t("lab.own.tryLead")}</p>
          <LookBox ask={say} askChanged={sayChanged} nameClass={SAME} />
        </section>
      ) : null}
      {terms ? <Figures figures={terms.figures} noneBelow={terms.none_below} /> : null}
    </>
  );
}

function SetActions({ set, onGone }: { set: CategorySet; onGone: () => void }) {
  const { t } = useTranslation();
  const mayDelete = useMay()("camera.configure");
  const remove = useDeleteSet();
  const [asks, setAsks] = useState(false);
  return (
    <div className={styles["actions"]}>
      {set.terms ? (
        <a className={buttonClass()} href={setFileUrl(set.name)} download="categories.json">
          <Download size={16} aria-hidden />
          {t("lab.own.download")}
        </a>
      ) : null}
      {mayDelete ? (
        <Button onPress={() => setAsks(true)}>
          <Trash2 size={16} aria-hidden />
          {t("lab.own.delete")}
        </Button>
      ) : null}
      {asks ? (
        <ConfirmDialog
          title={t("lab.own.deleteTitle", { name: set.name })}
          consequence={t("lab.own.deleteLead")}
          action={t("lab.own.delete")}
          onConfirm={() => remove.mutateAsync(set.name).then(onGone)}
          onClose={() => setAsks(false)}
        />
      ) : null}
    </div>
  );
}

function Figures({ figures, noneBelow }: { figures: SetFigures; noneBelow: number }) {
  const { t, i18n } = useTranslation();
  const percent = (share: number | null, digits = 0) =>
    share === null ? "–" : `${formatNumber(100 * share, i18n.language, digits)} %`;
  return (
    <>
      <dl className={styles["figures"]}>
        <Figure name={t("lab.own.columns.accuracy")} value={percent(figures.accuracy)}>
          {t("lab.own.judged", { count: figures.judged })}
        </Figure>
        <Figure name={t("lab.own.nearest")} value={percent(figures.nearest_centroid)}>
          {t("lab.own.nearestLead")}
        </Figure>
        <Figure name={t("lab.own.ece")} value={percent(figures.ece, 1)}>
          {t("lab.own.eceLead")}
        </Figure>
        <Figure name={t("lab.own.noneBelow")} value={percent(noneBelow)}>
          {t("lab.own.noneBelowLead", { share: percent(figures.known) })}
        </Figure>
      </dl>
      <div className={styles["plots"]}>
        <Confusion figures={figures} />
        <Reliability bins={figures.reliability} />
      </div>
      <Table
        label={t("lab.own.perCategory")}
        head={(["category", "taughtWith", "judgedOn", "precision", "recall"] as const).map((column) => (
          <th key={column} scope="col">
            {t(`lab.own.columns.${column}`)}
          </th>
        ))}
      >
        {figures.categories.map(({ name, taught, held_out, precision, recall }) => (
          <tr key={name}>
            <td data-label={t("lab.own.columns.category")}>{name}</td>
            <td data-label={t("lab.own.columns.taughtWith")}>{taught}</td>
            <td data-label={t("lab.own.columns.judgedOn")}>{held_out}</td>
            <td data-label={t("lab.own.columns.precision")}>{percent(precision)}</td>
            <td data-label={t("lab.own.columns.recall")}>{percent(recall)}</td>
          </tr>
        ))}
      </Table>
      <ChangesTables
        steps={figures.changes?.steps ?? []}
        asIs={figures.changes?.as_is ?? null}
        lead={t("lab.own.changesLead", { count: figures.changes?.pictures ?? 0 })}
      />
    </>
  );
}
