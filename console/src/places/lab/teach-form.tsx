// Takes folders of pictures: chosen as a folder or a ZIP, checked here, named, packed and sent.

import { FileArchive, FolderOpen } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTeach } from "../../api/categories";
import type { KeptSet } from "../../api/types";
import { formatBytes } from "../../lib/format";
import { useAttributeWords } from "../../parts/attribute-words";
import { Button } from "../../parts/button";
import { SelectField, TextField } from "../../parts/field";
import { ProblemNote } from "../../parts/problem-note";
import {
  type Complaint,
  checkFolders,
  checkName,
  type Entry,
  MAX_ARCHIVE_BYTES,
  MAX_CATEGORIES,
  MAX_NAME_CHARS,
  MAX_PICTURE_BYTES,
  MAX_PICTURES,
  MIN_CATEGORIES,
  MIN_PICTURES,
  packZip,
  readZip,
  type Sorted,
  sortEntries,
  UnreadableFileError,
} from "./archive";
import styles from "./lab.module.css";

const ABOUT = ["vehicle", "person", "any"] as const;

interface Chosen {
  title: string;
  sorted: Sorted<Entry>;
  pack: (signal: AbortSignal) => Promise<Blob>;
}

interface TeachFormProps {
  /** Names of kept sets. */
  taken: readonly string[];
  onClose: () => void;
  onBegun: () => void;
}

export function TeachForm({ taken, onClose, onBegun }: TeachFormProps) {
  const { t } = useTranslation();
  const words = useAttributeWords();
  const [name, setName] = useState("");
  const [about, setAbout] = useState<KeptSet["about"]>("vehicle");
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const { send, cancel, share, error } = useSending();
  const complain = useComplaints();
  const complaint = chosen ? checkFolders(chosen.sorted) : null;
  const wrongName = name === "" ? null : words.isOwn(name) ? checkName(name, taken) : "attribute";
  const take = async (choosing: Promise<Chosen | null>) => {
    setProblem(null);
    const found = await choosing;
    setChosen(found);
    if (!found) setProblem(t("lab.own.complaints.noZip"));
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!chosen) return setProblem(t("lab.own.complaints.choose"));
    if (name === "") return setProblem(t("lab.own.complaints.name"));
    if (complaint || wrongName) return;
    setProblem(null);
    if (await send({ name, about, pack: chosen.pack })) onBegun();
  };
  return (
    <form className={styles["card"]} aria-label={t("lab.own.teach")} onSubmit={(event) => void submit(event)}>
      <h2>{t("lab.own.teach")}</h2>
      <p className="muted">
        {t("lab.own.teachLead", {
          min: MIN_CATEGORIES,
          max: MAX_CATEGORIES,
          pictures: MIN_PICTURES,
          most: MAX_PICTURES,
        })}
      </p>
      <Choose isDisabled={share !== null} onChosen={(choosing) => void take(choosing)} />
      {chosen ? <Folders chosen={chosen} /> : null}
      {complaint ? <p role="alert">{complain(complaint)}</p> : null}
      <div className={styles["fields"]}>
        <TextField
          label={t("lab.own.name")}
          hint={t("lab.own.nameHint")}
          value={name}
          onChange={setName}
          maxLength={MAX_NAME_CHARS}
          autoComplete="off"
          error={wrongName ? t(`lab.own.nameWrong.${wrongName}`, { name, count: MAX_NAME_CHARS }) : undefined}
        />
        <SelectField
          label={t("lab.own.columns.about")}
          value={about}
          options={ABOUT.map((id) => ({ id, label: words.about(id) }))}
          onChange={(id) => setAbout(ABOUT.find((one) => one === id) ?? "any")}
        />
      </div>
      {problem ? <p role="alert">{problem}</p> : null}
      {error instanceof UnreadableFileError ? (
        <p role="alert">{t("lab.own.complaints.unreadable", { file: error.message })}</p>
      ) : error ? (
        <ProblemNote error={error} />
      ) : null}
      {share !== null ? <Sent share={share} /> : null}
      <p className="muted">{t("lab.own.notKept")}</p>
      <div className={styles["actions"]}>
        <Button look="primary" type="submit" isDisabled={share !== null}>
          {t("lab.own.begin")}
        </Button>
        <Button onPress={share === null ? onClose : cancel}>{t("common.cancel")}</Button>
      </div>
    </form>
  );
}

/** Packs and sends; `share` of it is on the server, null while nothing is sent. Leaving the page ends it. */
function useSending() {
  const teach = useTeach();
  const [share, setShare] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const sending = useRef<AbortController | null>(null);
  useEffect(() => () => sending.current?.abort(), []);
  const send = async (order: { name: string; about: KeptSet["about"]; pack: Chosen["pack"] }): Promise<boolean> => {
    const controller = new AbortController();
    sending.current = controller;
    const { signal } = controller;
    setError(null);
    setShare(0);
    try {
      const archive = await order.pack(signal);
      await teach.mutateAsync({ name: order.name, about: order.about, archive, onProgress: setShare, signal });
      return true;
    } catch (reason) {
      if (!signal.aborted) setError(reason);
      return false;
    } finally {
      setShare(null);
    }
  };
  return { send, cancel: () => sending.current?.abort(), share, error };
}

function Choose({ isDisabled, onChosen }: { isDisabled: boolean; onChosen: (chosen: Promise<Chosen | null>) => void }) {
  const { t } = useTranslation();
  const folder = useRef<HTMLInputElement>(null);
  const zip = useRef<HTMLInputElement>(null);
  useEffect(() => folder.current?.setAttribute("webkitdirectory", ""), []); // unknown to React's types
  return (
    <div className={styles["actions"]}>
      <input
        ref={folder}
        type="file"
        multiple
        hidden
        aria-label={t("lab.own.folder")}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          if (files.length > 0) onChosen(Promise.resolve(chooseFolder(files)));
          event.target.value = "";
        }}
      />
      <input
        ref={zip}
        type="file"
        accept=".zip,application/zip"
        hidden
        aria-label={t("lab.own.zip")}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onChosen(chooseZip(file));
          event.target.value = "";
        }}
      />
      <Button onPress={() => folder.current?.click()} isDisabled={isDisabled}>
        <FolderOpen size={16} aria-hidden />
        {t("lab.own.folder")}
      </Button>
      <Button onPress={() => zip.current?.click()} isDisabled={isDisabled}>
        <FileArchive size={16} aria-hidden />
        {t("lab.own.zip")}
      </Button>
    </div>
  );
}

function chooseFolder(files: readonly File[]): Chosen {
  const sorted = sortEntries(files.map((file) => ({ path: file.webkitRelativePath, bytes: file.size, file })));
  const title = files[0]?.webkitRelativePath.split("/")[0] ?? "";
  return { title, sorted, pack: (signal) => packZip(sorted.entries, signal) };
}

async function chooseZip(file: File): Promise<Chosen | null> {
  const entries = await readZip(file);
  return entries && { title: file.name, sorted: sortEntries(entries), pack: () => Promise.resolve(file) };
}

function Folders({ chosen: { title, sorted } }: { chosen: Chosen }) {
  const { t, i18n } = useTranslation();
  const total = sorted.categories.reduce((sum, { pictures }) => sum + pictures, 0);
  return (
    <section className={styles["chosen"]} aria-label={title}>
      <p>
        <strong>{title}</strong> {t("lab.own.found", { count: total, size: formatBytes(sorted.bytes, i18n.language) })}
        {sorted.leftOut > 0 ? ` ${t("lab.own.noPictures", { count: sorted.leftOut })}` : ""}
      </p>
      <ul className={styles["folders"]}>
        {sorted.categories.map(({ name, pictures }) => (
          <li key={name} data-few={pictures < MIN_PICTURES}>
            <span className="truncate">{name}</span>
            <span>{pictures}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function useComplaints(): (complaint: Complaint) => string {
  const { t, i18n } = useTranslation();
  return (complaint) => {
    switch (complaint.code) {
      case "stray":
        return t("lab.own.complaints.stray", { file: complaint.file });
      case "large":
        return t("lab.own.complaints.large", {
          file: complaint.file,
          most: formatBytes(MAX_PICTURE_BYTES, i18n.language),
        });
      case "few":
        return t("lab.own.complaints.few", { names: complaint.names, pictures: MIN_PICTURES });
      case "word":
        return t("lab.own.complaints.word", { word: complaint.word, most: MAX_NAME_CHARS });
      case "bytes":
        return t("lab.own.complaints.bytes", { most: formatBytes(MAX_ARCHIVE_BYTES, i18n.language) });
      case "none":
        return t("lab.own.complaints.none");
      case "pictures":
        return t("lab.own.complaints.pictures", { found: complaint.count, most: MAX_PICTURES });
      case "categories":
        return t("lab.own.complaints.categories", {
          found: complaint.count,
          min: MIN_CATEGORIES,
          most: MAX_CATEGORIES,
        });
    }
  };
}

function Sent({ share }: { share: number }) {
  const { t } = useTranslation();
  const percent = Math.floor(100 * share);
  const words = share === 0 ? t("lab.own.packing") : t("lab.own.sending", { percent });
  return (
    <div className={styles["progress"]} role="status">
      <p>{words}</p>
      <progress value={share} max={1} aria-label={words} />
    </div>
  );
}
