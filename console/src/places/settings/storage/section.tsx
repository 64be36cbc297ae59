// A part of the storage page under its own heading, with what can be done there.

import type { ReactNode } from "react";
import styles from "./storage.module.css";

interface SectionProps {
  title: string;
  lead: string;
  action: ReactNode;
  children: ReactNode;
}

export function Section({ title, lead, action, children }: SectionProps) {
  return (
    <section className={styles["section"]} aria-label={title}>
      <div className={styles["sectionHead"]}>
        <div>
          <h2>{title}</h2>
          <p className="muted">{lead}</p>
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}
