// Small parts that every place uses: skeleton, empty state, badge, page head, table.

import type { CSSProperties, ReactNode } from "react";
import { classes } from "./button";
import styles from "./misc.module.css";

export function Skeleton({ width = "100%", height = 14 }: { width?: number | string; height?: number | string }) {
  const size: CSSProperties = { width, height };
  return <span className={styles["skeleton"]} style={size} aria-hidden />;
}

export function Empty({ icon, title, children }: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className={styles["empty"]}>
      {icon}
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export type Tone = "good" | "bad" | "warn" | "info" | "neutral";

/** State in one word, with a shape besides the colour: dot good, square bad, triangle warning. */
export function Badge({ tone = "neutral", children, dot = true }: { tone?: Tone; children: ReactNode; dot?: boolean }) {
  return (
    <span className={classes(styles["badge"], tone !== "neutral" && styles[tone])}>
      {dot ? <span className={styles["dot"]} aria-hidden /> : null}
      {children}
    </span>
  );
}

/** A place that scrolls as a whole. `isChosen`: one thing of it is open, which on a phone hides the rest. */
export function Page({ look, isChosen, children }: { look?: string; isChosen?: boolean; children: ReactNode }) {
  return (
    <div className={classes(styles["page"], look)} data-chosen={isChosen}>
      {children}
    </div>
  );
}

export function PageHead({ title, lead, children }: { title: string; lead?: string; children?: ReactNode }) {
  return (
    <header className={styles["head"]}>
      <div className={styles["headWords"]}>
        <h1>{title}</h1>
        {lead ? <p className="muted">{lead}</p> : null}
      </div>
      <div className={styles["headActions"]}>{children}</div>
    </header>
  );
}

/** A table that becomes a list of cards on a phone: cells carry `data-label`. */
export function Table({ label, head, children }: { label: string; head: ReactNode; children: ReactNode }) {
  return (
    <div className={styles["tableBox"]}>
      <table className={classes(styles["table"], styles["stacking"])} aria-label={label}>
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export function TableSkeleton({ rows = 5 }: { rows?: number }) {
  return (
    <div className={styles["tableBox"]} aria-hidden>
      <table className={styles["table"]}>
        <tbody>
          {Array.from({ length: rows }, (_, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of a skeleton have no identity
            <tr key={row}>
              <td>
                <Skeleton width={`${60 - ((row * 13) % 30)}%`} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
