// Takes files: dropped or chosen, sent one after the other.

import { Upload } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useUpload } from "../../api/files";
import { DropBox } from "../../parts/drop-box";
import { SwitchField } from "../../parts/field";
import { ProblemNote } from "../../parts/problem-note";
import styles from "./files.module.css";
import { type Matching, MatchingFields } from "./matching";
import { type Origin, OriginFields, readOrigin } from "./origin";
import { SetFields } from "./set-fields";
import { type Terms, TermsFields } from "./terms";

/** Of a 4K picture nearly half, those where something moves; each costs as much time as the whole picture. */
const TILES = 16;

interface Sending {
  name: string;
  share: number;
  left: number;
}

export function UploadBox() {
  const { t } = useTranslation();
  const [terms, setTerms] = useState<Terms>({ classes: [], fps: 0 });
  const [annotate, setAnnotate] = useState(true);
  const [looksClosely, setLooksClosely] = useState(false);
  const [categories, setCategories] = useState<readonly string[]>([]);
  const [matching, setMatching] = useState<Matching>({ lists: [], purpose: "", keep: [] });
  const [origin, setOrigin] = useState<Origin>({ camera: "", start: "" });
  const [sending, setSending] = useState<Sending | null>(null);
  const upload = useUpload();
  const send = async (files: readonly File[]) => {
    for (const [index, file] of files.entries()) {
      const left = files.length - index - 1;
      setSending({ name: file.name, share: 0, left });
      const onProgress = (share: number) => setSending({ name: file.name, share, left });
      const isSent = await upload
        .mutateAsync({
          order: {
            file,
            ...terms,
            ...matching,
            ...readOrigin(origin),
            categories,
            annotate,
            tiles: looksClosely ? TILES : 0,
          },
          onProgress,
        })
        .then(
          () => true,
          () => false,
        );
      if (!isSent) break;
    }
    setSending(null);
  };
  return (
    <DropBox
      icon={<Upload size={24} aria-hidden />}
      words={t("files.drop")}
      choose={t("files.choose")}
      look="primary"
      onFiles={send}
      busy={sending ? <Sent sending={sending} /> : null}
    >
      <div className={styles["options"]}>
        <TermsFields value={terms} onChange={setTerms} />
        <SwitchField label={t("files.annotate")} isSelected={annotate} onChange={setAnnotate} />
        <SwitchField label={t("files.looksClosely")} isSelected={looksClosely} onChange={setLooksClosely} />
      </div>
      <SetFields value={categories} onChange={setCategories} />
      <MatchingFields value={matching} onChange={setMatching} />
      <OriginFields value={origin} onChange={setOrigin} />
      {upload.error ? <ProblemNote error={upload.error} what={t("files.uploadFailed")} /> : null}
    </DropBox>
  );
}

function Sent({ sending }: { sending: Sending }) {
  const { t } = useTranslation();
  const percent = Math.floor(sending.share * 100);
  const words = t("files.sending", { name: sending.name, percent });
  return (
    <div className={styles["sending"]} role="status">
      <p>{words}</p>
      <progress className={styles["progress"]} value={percent} max={100} aria-label={words} />
      {sending.left > 0 ? <p className="muted">{t("files.moreToSend", { count: sending.left })}</p> : null}
    </div>
  );
}
