// The operator's own categories: what is kept, what is being taught, and one set with how good it is.

import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Shapes } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { isLessonOver, useCategorySets } from "../../api/categories";
import { useMay } from "../../api/context";
import type { CategorySet, Lesson } from "../../api/types";
import { formatDate, formatNumber } from "../../lib/format";
import { useAttributeWords } from "../../parts/attribute-words";
import { Button } from "../../parts/button";
import { Badge, Empty, Table, TableSkeleton } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import styles from "./lab.module.css";
import { LessonCard } from "./lesson-card";
import { SetDetail } from "./set-detail";
import { TeachForm } from "./teach-form";

const route = getRouteApi("/app/lab");

export function CategoriesView() {
  const { t } = useTranslation();
  const { set, teach } = route.useSearch();
  const navigate = useNavigate();
  const mayTeach = useMay()("camera.configure");
  const { data, error, isPending } = useCategorySets();
  const isLost = useLost(data?.lesson);
  const go = (search: { set?: string; teach?: string }) =>
    void navigate({ to: "/lab", search: { view: "categories", ...search } });
  if (!data) return isPending ? <TableSkeleton rows={3} /> : <ProblemNote error={error} what={t("lab.own.failed")} />;
  const chosen = data.items.find(({ name }) => name === set);
  if (chosen) return <SetDetail key={chosen.name} set={chosen} onGone={() => go({})} />;
  const isBusy = data.lesson !== null && !isLessonOver(data.lesson);
  return (
    <>
      {set ? <p role="status">{t("lab.own.gone", { name: set })}</p> : null}
      {data.lesson ? <LessonCard lesson={data.lesson} mayEnd={mayTeach} /> : null}
      {isLost ? <p role="alert">{t("lab.own.lost")}</p> : null}
      {mayTeach && teach && !isBusy ? (
        <TeachForm
          key={data.lesson?.id}
          taken={data.items.map(({ name }) => name)}
          onClose={() => go({})}
          onBegun={() => go({})}
        />
      ) : null}
      {mayTeach && !teach && !isBusy && data.items.length > 0 ? (
        <div>
          <Button look="primary" onPress={() => go({ teach: "1" })}>
            {t("lab.own.teach")}
          </Button>
        </div>
      ) : null}
      {data.items.length > 0 ? <Sets sets={data.items} /> : null}
      {data.items.length === 0 && !teach && !isBusy ? (
        <Empty icon={<Shapes size={32} aria-hidden />} title={t("lab.own.none")}>
          <p>{t("lab.own.noneLead")}</p>
          {mayTeach ? (
            <Button look="primary" onPress={() => go({ teach: "1" })}>
              {t("lab.own.teach")}
            </Button>
          ) : null}
        </Empty>
      ) : null}
    </>
  );
}

/** Whether what was being taught here is gone without an end: the analyzer was started anew. */
function useLost(lesson: Lesson | null | undefined): boolean {
  const wasBusy = useRef(false);
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    if (lesson === undefined) return;
    setLost((before) => lesson === null && (before || wasBusy.current));
    wasBusy.current = lesson !== null && !isLessonOver(lesson);
  }, [lesson]);
  return isLost;
}

function Sets({ sets }: { sets: readonly CategorySet[] }) {
  const { t, i18n } = useTranslation();
  const words = useAttributeWords();
  const percent = (share: number) => `${formatNumber(100 * share, i18n.language, 0)} %`;
  const columns = ["name", "about", "categories", "pictures", "accuracy", "taught", "embedding"] as const;
  return (
    <Table
      label={t("lab.own.title")}
      head={columns.map((column) => (
        <th key={column} scope="col">
          {t(`lab.own.columns.${column}`)}
        </th>
      ))}
    >
      {sets.map(({ name, terms, taught_by, code }) => (
        <tr key={name}>
          <td data-label={t("lab.own.columns.name")}>
            <Link to="/lab" search={{ view: "categories", set: name }} className={styles["name"]}>
              {name}
            </Link>{" "}
            {code ? <Badge tone="warn">{t("lab.own.off")}</Badge> : null}
          </td>
          <td data-label={t("lab.own.columns.about")}>{terms ? words.about(terms.about) : "–"}</td>
          <td data-label={t("lab.own.columns.categories")}>
            <span className={styles["few"]}>{terms?.categories.join(", ") ?? "–"}</span>
          </td>
          <td data-label={t("lab.own.columns.pictures")}>{terms?.pictures ?? "–"}</td>
          <td data-label={t("lab.own.columns.accuracy")}>
            {terms
              ? t("lab.own.accuracy", {
                  accuracy: percent(terms.figures.accuracy),
                  judged: terms.figures.judged,
                  nearest: percent(terms.figures.nearest_centroid),
                })
              : "–"}
          </td>
          <td data-label={t("lab.own.columns.taught")}>
            {terms ? <Taught at={terms.made_at} by={taught_by || terms.made_by} /> : taught_by || "–"}
          </td>
          <td data-label={t("lab.own.columns.embedding")}>{terms?.embedding ?? "–"}</td>
        </tr>
      ))}
    </Table>
  );
}

/** A set that somebody copied here says whatever it says. */
export function Taught({ at, by }: { at: string; by: string }) {
  const { t, i18n } = useTranslation();
  const ms = Date.parse(at);
  return t("lab.own.taughtBy", { when: Number.isNaN(ms) ? at : formatDate(ms, i18n.language), by });
}
