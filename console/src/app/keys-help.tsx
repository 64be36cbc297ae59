// The list behind `?`.

import { useTranslation } from "react-i18next";
import { Dialog } from "../parts/dialog";
import styles from "./keys-help.module.css";

const GROUPS = [
  {
    title: "keys.everywhere",
    keys: [
      ["?", "keys.help"],
      ["G W", "keys.goWatch"],
      ["G R", "keys.goReview"],
      ["G A", "keys.goAlarms"],
      ["G F", "keys.goFiles"],
      ["G L", "keys.goLists"],
      ["G B", "keys.goLab"],
      ["G S", "keys.goSearch"],
      ["G T", "keys.goSettings"],
      ["/", "keys.search"],
      ["Esc", "keys.escape"],
    ],
  },
  {
    title: "keys.watch",
    keys: [
      ["1 – 4", "keys.layouts"],
      ["T", "keys.tree"],
      ["B", "keys.boxes"],
      ["F", "keys.full"],
      ["Enter", "keys.maximise"],
      ["E", "keys.enhanceTile"],
    ],
  },
  {
    title: "keys.review",
    keys: [
      ["Space", "keys.play"],
      ["J K L", "keys.shuttle"],
      [", .", "keys.step"],
      ["← →", "keys.ten"],
      ["N P", "keys.events"],
      ["+ −", "keys.zoom"],
      ["F", "keys.full"],
      ["E", "keys.export"],
      ["S", "keys.enhance"],
      ["H", "keys.hold"],
      ["[ ]", "keys.mark"],
    ],
  },
  {
    title: "keys.alarms",
    keys: [
      ["↑ ↓", "keys.select"],
      ["A", "keys.acknowledge"],
    ],
  },
] as const;

export function KeysHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("keys.title")} onClose={onClose} isWide>
      <div className={styles["groups"]}>
        {GROUPS.map((group) => (
          <section key={group.title}>
            <h3>{t(group.title)}</h3>
            <dl className={styles["list"]}>
              {group.keys.map(([key, words]) => (
                <div key={key}>
                  <dt>{key.split(" ").map((part) => (part === "–" ? " – " : <kbd key={part}>{part}</kbd>))}</dt>
                  <dd>{t(words)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
