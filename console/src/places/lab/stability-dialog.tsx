// One picture shifted, scaled and turned, and what is said of each: does the answer hold?

import { Equal, EqualNot } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Changed } from "../../api/types";
import { formatNumber } from "../../lib/format";
import { Dialog } from "../../parts/dialog";
import { Badge, Skeleton } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { amountOf, type ChangedLook, judgeStability, type Stability } from "./stability";
import styles from "./stability.module.css";

interface StabilityProps {
  name: string;
  picture: Blob;
  ask: (picture: Blob) => Promise<Changed>;
  /** A class in the reader's language. */
  nameClass: (label: string) => string;
  onClose: () => void;
}

export function StabilityDialog({ name, picture, ask, nameClass, onClose }: StabilityProps) {
  const { t } = useTranslation();
  const [answer, setAnswer] = useState<Changed | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let isOpen = true;
    ask(picture).then(
      (found) => isOpen && setAnswer(found),
      (reason: unknown) => isOpen && setError(reason),
    );
    return () => {
      isOpen = false;
    };
  }, [ask, picture]);
  const found = answer && judgeStability(answer);
  return (
    <Dialog title={t("lab.stability.title", { name })} onClose={onClose} isWide>
      <p className="muted">{t("lab.stability.lead")}</p>
      {error ? <ProblemNote error={error} /> : null}
      {!error && !found ? <Skeleton height={420} /> : null}
      {found ? <Grid found={found} nameClass={nameClass} /> : null}
    </Dialog>
  );
}

function Grid({ found, nameClass }: { found: Stability; nameClass: StabilityProps["nameClass"] }) {
  const { t } = useTranslation();
  const { first, ways, same, total } = found;
  return (
    <>
      <div className={styles["first"]}>
        <Look look={first} title={t("lab.stability.asIs")} nameClass={nameClass} />
        <Badge tone={same === total ? "good" : "warn"}>{t("lab.stability.same", { same, count: total })}</Badge>
      </div>
      {ways.map(({ way, looks }) => (
        <section key={way} aria-label={t(`lab.ways.${way}`)}>
          <h3>{t(`lab.ways.${way}`)}</h3>
          <div className={styles["looks"]}>
            {looks.map((look) => (
              <Look
                key={look.by}
                look={look}
                title={t(`lab.steps.${way}`, { amount: amountOf(way, look.by) })}
                nameClass={nameClass}
                isSame={look.isSame}
              />
            ))}
          </div>
        </section>
      ))}
    </>
  );
}

interface LookProps {
  look: ChangedLook;
  title: string;
  nameClass: StabilityProps["nameClass"];
  /** As the unchanged picture; undefined for that one itself. */
  isSame?: boolean;
}

function Look({ look, title, nameClass, isSame }: LookProps) {
  const { t, i18n } = useTranslation();
  const said = look.is_known ? nameClass(look.label) : t("lab.stability.none");
  return (
    <figure className={styles["look"]} data-same={isSame}>
      <img src={`data:image/jpeg;base64,${look.picture}`} alt="" />
      <figcaption>
        <span className="muted">{title}</span>
        <strong>
          {isSame === undefined ? null : isSame ? (
            <Equal size={13} role="img" aria-label={t("lab.stability.isSame")} />
          ) : (
            <EqualNot size={13} role="img" aria-label={t("lab.stability.isOther")} />
          )}
          {said}
        </strong>
        <span className={styles["percent"]}>
          {look.is_known ? null : `${nameClass(look.label)} `}
          {formatNumber(100 * look.probability, i18n.language, 0)} %
        </span>
      </figcaption>
    </figure>
  );
}
