// How good a set is, drawn: what was taken for what, and whether it is as often right as it says.

import { useTranslation } from "react-i18next";
import type { SetFigures } from "../../api/types";
import { formatNumber } from "../../lib/format";
import { findMixups, placeDots, shareOfRow } from "./figures";
import styles from "./lab.module.css";

const NAMES_WIDTH = 132;
const NAMES_HEIGHT = 96;
/** Above this the counts would not fit into cells. */
const MOST_WITH_COUNTS = 16;
/** A fill as dark as this carries light words. */
const DARK = 0.75;

const cut = (name: string): string => (name.length > 17 ? `${name.slice(0, 16)}…` : name);

export function Confusion({ figures }: { figures: SetFigures }) {
  const { t } = useTranslation();
  const names = figures.categories.map(({ name }) => name);
  const hasCounts = names.length <= MOST_WITH_COUNTS;
  const cell = hasCounts ? 34 : 16;
  const [width, height] = [NAMES_WIDTH + names.length * cell + 60, NAMES_HEIGHT + names.length * cell];
  const mixups = findMixups(figures);
  return (
    <figure className={styles["plot"]}>
      <figcaption>
        <h3>{t("lab.own.confusion")}</h3>
        <p className="muted">{t("lab.own.confusionLead")}</p>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section className={styles["scroll"]} tabIndex={0} aria-label={t("lab.own.confusion")}>
        <svg width={width} height={height} role="img" aria-label={t("lab.own.confusion")}>
          {names.map((name, index) => {
            const [x, y] = [NAMES_WIDTH + (index + 0.5) * cell, NAMES_HEIGHT + (index + 0.5) * cell];
            return (
              <g key={name}>
                <text x={NAMES_WIDTH - 8} y={y} textAnchor="end" dominantBaseline="central">
                  {cut(name)}
                </text>
                <text
                  x={x}
                  y={NAMES_HEIGHT - 8}
                  transform={`rotate(-45 ${x} ${NAMES_HEIGHT - 8})`}
                  dominantBaseline="central"
                >
                  {cut(name)}
                </text>
              </g>
            );
          })}
          {figures.confusion.map((row, truth) =>
            row.map((count, said) => {
              const [x, y] = [NAMES_WIDTH + said * cell, NAMES_HEIGHT + truth * cell];
              const share = shareOfRow(row, said);
              const key = `${names[truth]} ${names[said]}`;
              return (
                <g key={key}>
                  <title>{t("lab.own.cell", { count, truth: names[truth] ?? "", said: names[said] ?? "" })}</title>
                  <rect x={x + 1} y={y + 1} width={cell - 2} height={cell - 2} rx={3} className={styles["cell"]} />
                  {count > 0 ? (
                    <rect
                      x={x + 1}
                      y={y + 1}
                      width={cell - 2}
                      height={cell - 2}
                      rx={3}
                      className={truth === said ? styles["right"] : styles["wrong"]}
                      fillOpacity={0.2 + 0.8 * share}
                    />
                  ) : null}
                  {hasCounts && count > 0 ? (
                    <text
                      x={x + cell / 2}
                      y={y + cell / 2}
                      textAnchor="middle"
                      dominantBaseline="central"
                      className={0.2 + 0.8 * share > DARK ? styles["onFill"] : undefined}
                    >
                      {count}
                    </text>
                  ) : null}
                </g>
              );
            }),
          )}
        </svg>
      </section>
      <ul className={styles["mixups"]}>
        {mixups.length === 0 ? <li>{t("lab.own.noMixup")}</li> : null}
        {mixups.map(({ truth, said, pictures }) => (
          <li key={`${truth} ${said}`}>{t("lab.own.cell", { count: pictures, truth, said })}</li>
        ))}
      </ul>
    </figure>
  );
}

const SIDE = 232;
const LEFT = 48;
const TOP = 14;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

export function Reliability({ bins }: { bins: SetFigures["reliability"] }) {
  const { t, i18n } = useTranslation();
  const percent = (share: number) => `${formatNumber(100 * share, i18n.language, 0)} %`;
  const dots = placeDots(bins, SIDE);
  return (
    <figure className={styles["plot"]}>
      <figcaption>
        <h3>{t("lab.own.reliability")}</h3>
        <p className="muted">{t("lab.own.reliabilityLead")}</p>
      </figcaption>
      <svg
        viewBox={`0 0 ${LEFT + SIDE + 24} ${TOP + SIDE + 44}`}
        className={styles["reliability"]}
        role="img"
        aria-label={t("lab.own.reliability")}
      >
        {TICKS.map((tick) => (
          <g key={tick}>
            <line x1={LEFT} x2={LEFT + SIDE} y1={TOP + tick * SIDE} y2={TOP + tick * SIDE} className={styles["grid"]} />
            <text x={LEFT - 6} y={TOP + (1 - tick) * SIDE} textAnchor="end" dominantBaseline="central">
              {formatNumber(100 * tick, i18n.language, 0)}
            </text>
            <text x={LEFT + tick * SIDE} y={TOP + SIDE + 16} textAnchor="middle">
              {formatNumber(100 * tick, i18n.language, 0)}
            </text>
          </g>
        ))}
        <line x1={LEFT} y1={TOP + SIDE} x2={LEFT + SIDE} y2={TOP} className={styles["ideal"]} />
        {dots.map(({ x, y, radius, pictures, said, right }) => (
          <circle key={x} cx={LEFT + x} cy={TOP + y} r={radius} className={styles["dot"]}>
            <title>{t("lab.own.dot", { count: pictures, said: percent(said), right: percent(right) })}</title>
          </circle>
        ))}
        <text x={LEFT + SIDE / 2} y={TOP + SIDE + 38} textAnchor="middle">
          {t("lab.own.saidAxis")}
        </text>
        <text x={12} y={TOP + SIDE / 2} textAnchor="middle" transform={`rotate(-90 12 ${TOP + SIDE / 2})`}>
          {t("lab.own.rightAxis")}
        </text>
      </svg>
      <ul className={styles["mixups"]}>
        {dots.map(({ x, pictures, said, right }) => (
          <li key={x}>{t("lab.own.dot", { count: pictures, said: percent(said), right: percent(right) })}</li>
        ))}
      </ul>
    </figure>
  );
}
