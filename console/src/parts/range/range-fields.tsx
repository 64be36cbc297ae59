// From and to, as text that understands `14:05` or `yesterday 8pm`.

import { useTranslation } from "react-i18next";
import type { RangeRead, RangeText } from "../../lib/range";
import { TextField } from "../field";
import styles from "./range-fields.module.css";

interface RangeFieldsProps {
  text: RangeText;
  read: RangeRead;
  onChange: (text: RangeText) => void;
}

export function RangeFields({ text, read, onChange }: RangeFieldsProps) {
  const { t } = useTranslation();
  const toError = read.isToWrong ? t("review.whenWrong") : read.fault ? t(`review.${read.fault}`) : undefined;
  return (
    <div className={styles["pair"]}>
      <TextField
        label={t("review.from")}
        value={text.from}
        onChange={(from) => onChange({ ...text, from })}
        error={read.isFromWrong ? t("review.whenWrong") : undefined}
      />
      <TextField label={t("review.to")} value={text.to} onChange={(to) => onChange({ ...text, to })} error={toError} />
    </div>
  );
}
