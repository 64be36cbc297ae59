// A picture with the face of whom is looked for: chosen, dropped or pasted anywhere on the page. It is sent with the reason and
// kept nowhere: neither in the address nor on the server.

import { ImagePlus } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type ReadyPicture, readyPicture } from "../../lib/picture";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import styles from "./search.module.css";

interface PictureAskProps {
  isBusy: boolean;
  onAsk: (picture: string, purpose: string) => Promise<void>;
  onClear: () => void;
}

export function PictureAsk({ isBusy, onAsk, onClear }: PictureAskProps) {
  const { t } = useTranslation();
  const [picture, setPicture] = useState<ReadyPicture | null>(null);
  const [unreadable, setUnreadable] = useState("");
  const [purpose, setPurpose] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const take = useCallback(async (file: File | undefined) => {
    if (!file) return;
    setUnreadable("");
    await readyPicture(file).then(setPicture, () => setUnreadable(file.name));
  }, []);
  useOffered(take);
  const ask = async () => {
    if (!picture) return;
    setPicture(null);
    onClear();
    await onAsk(picture.base64, purpose.trim());
  };
  return (
    <div className={styles["pictureAsk"]}>
      <Button onPress={() => input.current?.click()} isDisabled={isBusy}>
        <ImagePlus size={16} aria-hidden />
        {isBusy ? t("search.looking") : t("search.byPicture")}
      </Button>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        aria-label={t("search.byPicture")}
        onChange={(event) => {
          void take(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
      {unreadable ? <span role="alert">{t("people.unreadable", { name: unreadable })}</span> : null}
      {picture ? (
        <Dialog
          title={t("search.pictureTitle")}
          onClose={() => setPicture(null)}
          actions={
            <Button look="primary" isDisabled={!purpose.trim()} onPress={() => void ask()}>
              {t("search.go")}
            </Button>
          }
        >
          <p className="muted">{t("search.pictureLead")}</p>
          <img className={styles["asked"]} src={picture.url} alt={picture.name} />
          <TextField
            label={t("search.purpose")}
            hint={t("search.purposeHint")}
            value={purpose}
            onChange={setPurpose}
            maxLength={500}
            isRequired
            autoFocus
          />
        </Dialog>
      ) : null}
    </div>
  );
}

/** Pictures that are dropped on the page or pasted into it. */
function useOffered(take: (file: File | undefined) => Promise<void>): void {
  useEffect(() => {
    const pictureOf = (data: DataTransfer | null) =>
      [...(data?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    const onPaste = (event: ClipboardEvent) => void take(pictureOf(event.clipboardData));
    const onOver = (event: DragEvent) => event.preventDefault();
    const onDrop = (event: DragEvent) => {
      event.preventDefault();
      void take(pictureOf(event.dataTransfer));
    };
    window.addEventListener("paste", onPaste);
    window.addEventListener("dragover", onOver);
    window.addEventListener("drop", onDrop);
    return () => {
      window.removeEventListener("paste", onPaste);
      window.removeEventListener("dragover", onOver);
      window.removeEventListener("drop", onDrop);
    };
  }, [take]);
}
