// The switch of an enhanced tile, the picture's place over the video, and why there is none.

import { Sparkles, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { EnhanceState } from "../../media/enhance/tile-enhancer";
import { IconToggle } from "../button";
import styles from "./enhanced.module.css";
import type { Enhanced } from "./use-enhanced";

export function EnhanceToggle({ enhanced, hotkey }: { enhanced: Enhanced; hotkey?: string }) {
  const label = useToggleLabel(enhanced.state);
  return (
    <IconToggle
      small
      placement="top"
      label={label}
      {...(hotkey ? { hotkey } : {})}
      isSelected={enhanced.isWanted}
      onChange={enhanced.setWanted}
    >
      <Sparkles size={15} aria-hidden />
    </IconToggle>
  );
}

/** With what a picture takes, as soon as that is known. */
function useToggleLabel(state: EnhanceState | null): string {
  const { t } = useTranslation();
  if (state?.word === "fine") return t("tile.enhanced.fine");
  if (state?.word !== "on" || state.costMs === null) return t("tile.enhanced.toggle");
  return t("tile.enhanced.cost", msOf(state));
}

const msOf = ({ costMs, intervalMs }: EnhanceState) => ({
  cost: Math.round(costMs ?? 0),
  interval: Math.round(intervalMs ?? 0),
});

/** Lies over the video; what is not enhanced leaves it hidden. */
export function EnhancedPicture({ enhanced }: { enhanced: Enhanced }) {
  return (
    <>
      <canvas ref={enhanced.canvas} className={styles["picture"]} aria-hidden hidden />
      {enhanced.state ? <EnhanceNote state={enhanced.state} /> : null}
    </>
  );
}

const SAID = new Set(["large", "slow", "unsupported", "wrong", "failed"] as const);
type Said = typeof SAID extends Set<infer Word> ? Word : never;

function EnhanceNote({ state }: { state: EnhanceState }) {
  const { t } = useTranslation();
  const word = state.word as Said;
  if (!SAID.has(word)) return null;
  return (
    <span className={styles["note"]} role="status">
      <TriangleAlert size={12} aria-hidden />
      {t(`tile.enhanced.${word}`, msOf(state))}
    </span>
  );
}
