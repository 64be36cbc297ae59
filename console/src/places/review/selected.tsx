// The part of the timeline that is marked, and what can be done with it.

import { Lock, PackageOpen, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { formatLength } from "../../lib/format";
import { Button, IconButton } from "../../parts/button";
import { lengthMs, type Span } from "../../parts/timeline/view";
import styles from "./review.module.css";

interface SelectedProps {
  selection: Span | null;
  onClear: () => void;
  onHold: (() => void) | null;
  onExport: (() => void) | null;
}

export function Selected({ selection, onClear, onHold, onExport }: SelectedProps) {
  const { t } = useTranslation();
  if (!selection) return null;
  return (
    <span className={styles["selected"]}>
      {t("review.selected", { length: formatLength(lengthMs(selection)) })}
      {onExport ? (
        <Button small onPress={onExport}>
          <PackageOpen size={14} aria-hidden />
          {t("export.open")}
        </Button>
      ) : null}
      {onHold ? (
        <Button small onPress={onHold}>
          <Lock size={14} aria-hidden />
          {t("hold.add")}
        </Button>
      ) : null}
      <IconButton small label={t("review.clearSelection")} hotkey="Esc" onPress={onClear}>
        <X size={14} aria-hidden />
      </IconButton>
    </span>
  );
}
