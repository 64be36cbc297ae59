// What is being taught and how far it is; when it is over, what came of it.

import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isLessonOver, useEndLesson } from "../../api/categories";
import { Problem } from "../../api/problem";
import type { Lesson } from "../../api/types";
import { Button } from "../../parts/button";
import { Badge, type Tone } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import styles from "./lab.module.css";

const TONES: Partial<Record<Lesson["state"], Tone>> = { done: "good", failed: "bad" };
/** Looking at the pictures takes nearly all of the time. */
const LOOKING_SHARE = 0.9;

export function howFar(lesson: Pick<Lesson, "state" | "pictures" | "embedded" | "fold" | "folds">): number {
  if (lesson.state === "receiving") return 0;
  const looked = lesson.pictures > 0 ? lesson.embedded / lesson.pictures : 0;
  const taught = lesson.folds > 0 ? lesson.fold / lesson.folds : 0;
  return LOOKING_SHARE * looked + (1 - LOOKING_SHARE) * taught;
}

export function LessonCard({ lesson, mayEnd }: { lesson: Lesson; mayEnd: boolean }) {
  const { t } = useTranslation();
  const end = useEndLesson();
  const isOver = isLessonOver(lesson);
  const mayPutAway = mayEnd && lesson.state !== "receiving";
  return (
    <section className={styles["card"]} aria-label={t("lab.own.lesson", { name: lesson.name })}>
      <header className={styles["cardHead"]}>
        <h2>{t("lab.own.lesson", { name: lesson.name })}</h2>
        <Badge tone={TONES[lesson.state] ?? "neutral"}>{t(`lab.own.states.${lesson.state}`)}</Badge>
      </header>
      {isOver ? null : <Progress lesson={lesson} />}
      {lesson.state === "failed" ? (
        <ProblemNote error={new Problem(422, lesson.code, lesson.error, lesson.error, lesson.hint)} />
      ) : null}
      {lesson.left_out_count > 0 ? (
        <details>
          <summary>{t("lab.own.leftOut", { count: lesson.left_out_count })}</summary>
          <ul className={styles["leftOut"]}>
            {lesson.left_out.map(({ name, reason }) => (
              <li key={name}>
                <strong>{name}</strong> {reason}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
      {end.error ? <ProblemNote error={end.error} /> : null}
      <div className={styles["actions"]}>
        {lesson.state === "done" ? (
          <Link to="/lab" search={{ view: "categories", set: lesson.name }} className={styles["name"]}>
            {t("lab.own.result")}
          </Link>
        ) : null}
        {mayPutAway ? (
          <Button onPress={() => end.mutate()} isDisabled={end.isPending}>
            {isOver ? t("lab.own.putAway") : t("lab.own.cancel")}
          </Button>
        ) : null}
      </div>
    </section>
  );
}

function Progress({ lesson }: { lesson: Lesson }) {
  const { t } = useTranslation();
  const words =
    lesson.state === "embedding"
      ? t("lab.own.looking", { seen: lesson.embedded, total: lesson.pictures })
      : lesson.state === "teaching" && lesson.folds > 0
        ? t("lab.own.folding", { fold: lesson.fold, folds: lesson.folds })
        : t(`lab.own.stateLeads.${lesson.state as "receiving" | "teaching" | "judging"}`);
  return (
    <div className={styles["progress"]}>
      <p role="status">{words}</p>
      <progress value={howFar(lesson)} max={1} aria-label={t("lab.own.lesson", { name: lesson.name })} />
      <p className="muted">{t("lab.own.goesOn")}</p>
    </div>
  );
}
