// Drop, choose or paste pictures and see what they show, whoever is asked.

import { ImageOff, ImageUp, Move3d, X } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Changed, Classified } from "../../api/types";
import { formatNumber } from "../../lib/format";
import { Button, IconButton } from "../../parts/button";
import { DropBox } from "../../parts/drop-box";
import { Badge, Skeleton, type Tone } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import styles from "./lab.module.css";
import { howSure, pickPictures, type Sureness } from "./pictures";
import { StabilityDialog } from "./stability-dialog";

interface Looked {
  key: number;
  name: string;
  picture: Blob;
  url: string;
  answer: Classified | null;
  error: unknown;
}

const TONES: Record<Sureness, Tone> = { none: "neutral", sure: "good", likely: "info", unsure: "warn" };

interface LookBoxProps {
  /** Asks what a picture shows. To be the same from one rendering to the next. */
  ask: (picture: Blob) => Promise<Classified>;
  /** A class in the reader's language. */
  nameClass: (label: string) => string;
  /** Asks the same of the picture shifted, scaled and turned. To be the same from one rendering to the next. */
  askChanged: (picture: Blob) => Promise<Changed>;
  /** Stands there while no picture was looked at. */
  empty?: ReactNode;
}

export function LookBox({ ask, askChanged, nameClass, empty }: LookBoxProps) {
  const { t } = useTranslation();
  const { looked, look, remove, leftOut } = useLooked(ask);
  usePasted(look);
  const [asked, setAsked] = useState<Looked | null>(null);
  return (
    <>
      <DropBox
        icon={<ImageUp size={24} aria-hidden />}
        words={t("lab.drop")}
        choose={t("lab.choose")}
        accept="image/jpeg,image/png,image/bmp"
        onFiles={look}
      />
      {leftOut > 0 ? <p className="muted">{t("lab.leftOut", { count: leftOut })}</p> : null}
      {looked.length === 0 ? empty : null}
      <section className={styles["results"]} aria-label={t("lab.results")} aria-live="polite">
        {looked.map((one) => (
          <Result
            key={one.key}
            looked={one}
            nameClass={nameClass}
            onChange={() => setAsked(one)}
            onRemove={() => remove(one.key)}
          />
        ))}
      </section>
      {asked ? (
        <StabilityDialog
          name={asked.name || t("lab.pasted")}
          picture={asked.picture}
          ask={askChanged}
          nameClass={nameClass}
          onClose={() => setAsked(null)}
        />
      ) : null}
    </>
  );
}

/** The pictures of this page, newest first. Their addresses are given back when they go. */
function useLooked(ask: LookBoxProps["ask"]) {
  const [looked, setLooked] = useState<Looked[]>([]);
  const [leftOut, setLeftOut] = useState(0);
  const next = useRef(1);
  const shown = useRef(looked);
  shown.current = looked;
  useEffect(
    () => () => {
      for (const one of shown.current) URL.revokeObjectURL(one.url);
    },
    [],
  );
  const look = useCallback(
    async (files: readonly File[]) => {
      const { pictures, leftOut: left } = pickPictures(files);
      setLeftOut(left);
      for (const picture of pictures) {
        const key = next.current++;
        const url = URL.createObjectURL(picture);
        setLooked((before) => [{ key, name: picture.name, picture, url, answer: null, error: null }, ...before]);
        const told = await ask(picture).then(
          (answer) => ({ answer, error: null }),
          (error: unknown) => ({ answer: null, error }),
        );
        setLooked((before) => before.map((one) => (one.key === key ? { ...one, ...told } : one)));
      }
    },
    [ask],
  );
  const remove = (key: number) =>
    setLooked((before) => {
      for (const one of before) if (one.key === key) URL.revokeObjectURL(one.url);
      return before.filter((one) => one.key !== key);
    });
  return { looked, look, remove, leftOut };
}

/** A picture pasted anywhere on the page. */
function usePasted(look: (files: readonly File[]) => Promise<void>): void {
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      void look(files);
    };
    window.addEventListener("paste", onPaste);
    return () => window.removeEventListener("paste", onPaste);
  }, [look]);
}

interface ResultProps {
  looked: Looked;
  nameClass: LookBoxProps["nameClass"];
  onChange: () => void;
  onRemove: () => void;
}

function Result({ looked, nameClass, onChange, onRemove }: ResultProps) {
  const { t } = useTranslation();
  const name = looked.name || t("lab.pasted");
  return (
    <article className={styles["result"]} aria-label={name}>
      <Preview url={looked.url} name={name} />
      <div className={styles["words"]}>
        <header>
          <strong className="truncate" title={name}>
            {name}
          </strong>
          <IconButton label={t("lab.remove", { name })} onPress={onRemove}>
            <X size={16} aria-hidden />
          </IconButton>
        </header>
        {looked.error ? <ProblemNote error={looked.error} /> : null}
        {!looked.error && !looked.answer ? <Skeleton height={72} /> : null}
        {looked.answer ? (
          <>
            <Shares answer={looked.answer} nameClass={nameClass} />
            <Button small onPress={onChange} aria-label={t("lab.stability.askOf", { name })}>
              <Move3d size={14} aria-hidden />
              {t("lab.stability.ask")}
            </Button>
          </>
        ) : null}
      </div>
    </article>
  );
}

/** What the browser itself cannot show is no broken picture. */
function Preview({ url, name }: { url: string; name: string }) {
  const [isBroken, setBroken] = useState(false);
  if (isBroken) {
    return (
      <span className={styles["picture"]} role="img" aria-label={name}>
        <ImageOff size={28} aria-hidden />
      </span>
    );
  }
  return <img src={url} alt={name} className={styles["picture"]} onError={() => setBroken(true)} />;
}

function Shares({ answer, nameClass }: { answer: Classified; nameClass: LookBoxProps["nameClass"] }) {
  const { t, i18n } = useTranslation();
  const sureness = howSure(answer);
  return (
    <>
      <Badge tone={TONES[sureness]}>{t(`lab.sureness.${sureness}`)}</Badge>
      <ol className={styles["shares"]} data-known={answer.is_known}>
        {answer.classes.map(({ label, probability }) => (
          <li key={label}>
            <span>{nameClass(label)}</span>
            <meter min={0} max={1} value={probability} aria-hidden />
            <span className={styles["percent"]}>{formatNumber(100 * probability, i18n.language, 1)} %</span>
          </li>
        ))}
      </ol>
    </>
  );
}
