// One number with its name and what it means. Stands in a `dl` of the class `figures`.

import type { ReactNode } from "react";
import styles from "./lab.module.css";

export function Figure({ name, value, children }: { name: string; value: string; children: ReactNode }) {
  return (
    <div className={styles["figure"]}>
      <dt>{name}</dt>
      <dd>
        <strong>{value}</strong>
        <span className="muted">{children}</span>
      </dd>
    </div>
  );
}
