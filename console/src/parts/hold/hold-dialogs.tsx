// Holding footage so that nothing deletes it, and releasing it again. Both ask for a reason: the audit keeps it.

import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSaveHold } from "../../api/storage";
import type { Hold } from "../../api/types";
import { formatBytes, formatClock, formatShortDay } from "../../lib/format";
import { isoRange, type RangeMs, readRange, writeRange } from "../../lib/range";
import { Button } from "../button";
import { Dialog } from "../dialog";
import { SwitchField, TextField } from "../field";
import { ProblemNote } from "../problem-note";
import { RangeFields } from "../range/range-fields";
import styles from "./hold-dialogs.module.css";

const REASON_AT_MOST = 500;

interface HoldDialogProps {
  cameras: readonly { id: string; name: string }[];
  /** Those chosen at the start. */
  chosen: readonly string[];
  range: RangeMs;
  onClose: () => void;
}

export function HoldDialog({ cameras, chosen, range, onClose }: HoldDialogProps) {
  const { t } = useTranslation();
  const [ids, setIds] = useState<readonly string[]>(chosen);
  const [text, setText] = useState(() => writeRange(range));
  const [reason, setReason] = useState("");
  const { add } = useSaveHold();
  const read = readRange(text, new Date());
  const save = async () => {
    if (!read.range) return;
    const { from, to } = isoRange(read.range);
    try {
      for (const id of ids) {
        await add.mutateAsync({ camera_id: id, from, to, reason: reason.trim() });
        setIds((before) => before.filter((other) => other !== id)); // what is held is not asked for again after a failure
      }
      onClose();
    } catch {
      // Shown below; the form stays.
    }
  };
  const isReady = read.range !== null && ids.length > 0 && reason.trim() !== "";
  return (
    <Dialog
      title={t("hold.addTitle")}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button look="primary" onPress={() => void save()} isDisabled={!isReady || add.isPending}>
            {add.isPending ? t("common.saving") : t("hold.add")}
          </Button>
        </>
      }
    >
      <p className="muted">{t("hold.lead")}</p>
      <CameraChoice cameras={cameras} chosen={ids} onChange={setIds} />
      <RangeFields text={text} read={read} onChange={setText} />
      <TextField
        label={t("hold.reason")}
        hint={t("hold.reasonHint")}
        value={reason}
        onChange={setReason}
        maxLength={REASON_AT_MOST}
        isRequired
      />
      {add.error ? <ProblemNote error={add.error} what={t("hold.saveFailed")} /> : null}
    </Dialog>
  );
}

interface CameraChoiceProps {
  cameras: readonly { id: string; name: string }[];
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}

export function CameraChoice({ cameras, chosen, onChange }: CameraChoiceProps) {
  const { t } = useTranslation();
  return (
    <fieldset className={styles["cameras"]}>
      <legend>{t("hold.cameras")}</legend>
      {cameras.map(({ id, name }) => (
        <SwitchField
          key={id}
          label={name}
          isSelected={chosen.includes(id)}
          onChange={(isOn) => onChange(isOn ? [...chosen, id] : chosen.filter((other) => other !== id))}
        />
      ))}
    </fieldset>
  );
}

export function ReleaseDialog({ hold, onClose }: { hold: Hold; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const [reason, setReason] = useState("");
  const { release } = useSaveHold();
  const at = (text: string) =>
    `${formatShortDay(Date.parse(text), i18n.language)} ${formatClock(Date.parse(text), i18n.language)}`;
  return (
    <Dialog
      title={t("hold.releaseTitle", { name: hold.camera_name })}
      role="alertdialog"
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button
            look="danger"
            isDisabled={reason.trim() === "" || release.isPending}
            onPress={() => release.mutate({ id: hold.id, reason: reason.trim() }, { onSuccess: onClose })}
          >
            {t("hold.release")}
          </Button>
        </>
      }
    >
      <p>
        {t("hold.releaseConsequence", {
          from: at(hold.from),
          to: at(hold.to),
          size: formatBytes(hold.bytes, i18n.language),
          reason: hold.reason,
        })}
      </p>
      <TextField
        label={t("hold.releaseReason")}
        value={reason}
        onChange={setReason}
        maxLength={REASON_AT_MOST}
        isRequired
      />
      {release.error ? <ProblemNote error={release.error} what={t("hold.releaseFailed")} /> : null}
    </Dialog>
  );
}
