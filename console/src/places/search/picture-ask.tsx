// A picture of whom is looked for, by the face or by how the whole person looks: chosen, dropped or pasted anywhere on the page. It is sent with the reason and
// kept nowhere: neither in the address nor on the server.

import { ImagePlus } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePeopleInPicture } from "../../api/search";
import { type ReadyPicture, readyPicture } from "../../lib/picture";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { SelectField, TextField } from "../../parts/field";
import { ProblemNote } from "../../parts/problem-note";
import styles from "./search.module.css";

const SUBJECTS = ["face", "person"] as const;
type Subject = (typeof SUBJECTS)[number];

interface PictureAskProps {
  isBusy: boolean;
  /** `person`: which of the picture, by how people look; null: the face in it. */
  onAsk: (picture: string, purpose: string, person: number | null) => Promise<void>;
  onClear: () => void;
}

export function PictureAsk({ isBusy, onAsk, onClear }: PictureAskProps) {
  const { t } = useTranslation();
  const [picture, setPicture] = useState<ReadyPicture | null>(null);
  const [unreadable, setUnreadable] = useState("");
  const [purpose, setPurpose] = useState("");
  const [subject, setSubject] = useState<Subject>("face");
  const people = usePeopleInPicture();
  const input = useRef<HTMLInputElement>(null);
  const { reset: forget } = people;
  const take = useCallback(
    async (file: File | undefined) => {
      if (!file) return;
      setUnreadable("");
      forget();
      await readyPicture(file).then(setPicture, () => setUnreadable(file.name));
    },
    [forget],
  );
  useOffered(take);
  const search = async (person: number | null) => {
    if (!picture) return;
    setPicture(null);
    onClear();
    await onAsk(picture.base64, purpose.trim(), person);
  };
  /** Whoever is alone in a picture need not be chosen. */
  const ask = async () => {
    if (subject === "face") return search(null);
    const found = await people.mutateAsync(picture?.base64 ?? "").catch(() => null);
    if (found?.items.length === 1) await search(1);
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
            <Button look="primary" isDisabled={!purpose.trim() || people.isPending} onPress={() => void ask()}>
              {people.isPending ? t("search.looking") : t("search.go")}
            </Button>
          }
        >
          <SelectField
            label={t("search.subject")}
            value={subject}
            options={SUBJECTS.map((id) => ({ id, label: t(`search.subjects.${id}`) }))}
            onChange={(id) => setSubject(id === "person" ? "person" : "face")}
          />
          <p className="muted">{t(`search.subjectLeads.${subject}`)}</p>
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
          {subject === "person" && people.error ? (
            <ProblemNote error={people.error} what={t("search.pictureFailed")} />
          ) : null}
          {subject === "person" && (people.data?.items.length ?? 0) > 1 ? (
            <fieldset className={styles["people"]}>
              <legend>{t("search.choosePerson")}</legend>
              {people.data?.items.map(({ number, picture: crop, usable }) => (
                <button
                  key={number}
                  type="button"
                  disabled={!usable || !purpose.trim()}
                  title={usable ? undefined : t("search.personUnclear")}
                  onClick={() => void search(number)}
                >
                  <img src={`data:image/jpeg;base64,${crop}`} alt={t("search.personNumber", { number })} />
                </button>
              ))}
            </fieldset>
          ) : null}
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
