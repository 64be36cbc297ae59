// What editors of drawn shapes share beside the drawing: the card of one shape, and the line with Save.

import { Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "../../../parts/button";
import { TextField } from "../../../parts/field";
import styles from "./rules.module.css";

interface CardProps {
  icon: ReactNode;
  name: string;
  /** In one or two words, on the closed card. */
  kind: string;
  nameAtMost: number;
  isChosen: boolean;
  /** What is wrong with the name. */
  nameError: string | undefined;
  onChoose: () => void;
  onRename: (name: string) => void;
  onRemove: () => void;
  children?: ReactNode;
}

/** Closed: a button with name and kind. Chosen: the name as a field, the way to remove it, and `children`. */
export function ShapeCard(props: CardProps) {
  const { t } = useTranslation();
  if (!props.isChosen) {
    return (
      <li>
        <button type="button" className={styles["card"]} onClick={props.onChoose}>
          {props.icon}
          <span className="truncate">{props.name}</span>
          <span className={styles["cardKind"]}>{props.kind}</span>
        </button>
      </li>
    );
  }
  return (
    <li className={styles["open"]}>
      <div className={styles["openHead"]}>
        <TextField
          label={t("rules.name")}
          value={props.name}
          onChange={props.onRename}
          maxLength={props.nameAtMost}
          error={props.nameError}
        />
        <IconButton label={t("rules.remove")} onPress={props.onRemove}>
          <Trash2 size={16} aria-hidden />
        </IconButton>
      </div>
      {props.children}
    </li>
  );
}

interface SaveLineProps {
  isHidden: boolean;
  isChanged: boolean;
  isReady: boolean;
  save: { isPending: boolean; isSuccess: boolean };
  onSave: () => void;
}

export function SaveLine({ isHidden, isChanged, isReady, save, onSave }: SaveLineProps) {
  const { t } = useTranslation();
  return (
    <div className={styles["save"]} hidden={isHidden}>
      <span className="muted" role="status">
        {isChanged ? t("rules.unsaved") : save.isSuccess ? t("rules.saved") : ""}
      </span>
      <Button look="primary" isDisabled={!isChanged || !isReady || save.isPending} onPress={onSave}>
        {save.isPending ? t("common.saving") : t("common.save")}
      </Button>
    </div>
  );
}
