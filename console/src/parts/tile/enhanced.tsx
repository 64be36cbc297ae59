// The switch of an enhanced tile, the picture's place over the video, and why there is none.

import { Sparkles, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { EnhanceState } from "../../media/enhance/tile-enhancer";
import { IconToggle } from "../button";
import styles from "./enhanced.module.css";
import type { Enhanced } from "./use-enhanced";

export function EnhanceToggle({ enhanced, hotkey }: { enhanced: Enhanced; hotkey?: string }) {
  const { t } = useTranslation();
  const isIdle = enhanced.state?.word === "fine";
  return (
    <IconToggle
      small
      placement="top"
      label={isIdle ? t("tile.enhanced.fine") : t("tile.enhanced.toggle")}
      {...(hotkey ? { hotkey } : {})}
      isSelected={enhanced.isWanted}
      onChange={enhanced.setWanted}
    >
      <Sparkles size={15} aria-hidden />
    </IconToggle>
  );
}

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
  const ms = { cost: Math.round(state.costMs ?? 0), interval: Math.round(state.intervalMs ?? 0) };
  return (
    <span className={styles["note"]} role="status">
      <TriangleAlert size={12} aria-hidden />
      {t(`tile.enhanced.${word}`, ms)}
    </span>
  );
}
