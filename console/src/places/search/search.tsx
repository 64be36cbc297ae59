// Where is this person, car, object? One box of words, plate or a picture; a wall of pictures as the answer; one chosen
// object beside it, with its path across cameras.

import { useSearch as useAddress, useNavigate } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import { usePictureSearch, useSearch, useSearchWords } from "../../api/search";
import type { SearchPage } from "../../api/types";
import { useKeys } from "../../app/keys";
import { formatNumber } from "../../lib/format";
import { Button } from "../../parts/button";
import { Empty, Page, PageHead, Skeleton } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { AskForm } from "./ask-form";
import { ObjectDetail } from "./detail";
import { usePhrases } from "./phrases";
import { PictureAsk } from "./picture-ask";
import styles from "./search.module.css";
import { askOf, BIOMETRIC, readRange, readWords, type SearchAddress } from "./state";
import { Wall } from "./wall";

export function SearchPlace() {
  const { t } = useTranslation();
  const may = useMay();
  const address = useAddress({ from: "/app/search" }) as SearchAddress;
  const navigate = useNavigate();
  const words = useSearchWords();
  const phrases = usePhrases(words.data);
  const byPicture = usePictureSearch();
  const go = (change: Partial<SearchAddress>, replace = false) => {
    if (!("object" in change) && !("trace" in change)) byPicture.reset();
    void navigate({ to: "/search", search: { ...address, ...change }, replace });
  };
  const understood = useMemo(() => readWords(address.q ?? "", phrases), [address.q, phrases]);
  // Where one object is chosen changes neither the question nor what `-1h` means.
  const { object, trace, ...asked } = address;
  const key = JSON.stringify(asked);
  const question = useMemo(() => askOf(JSON.parse(key) as SearchAddress, understood, new Date()), [key, understood]);
  const answer = useSearch(words.data && !byPicture.data ? question : null);
  const pages = byPicture.data ? [byPicture.data] : answer.data?.pages;
  useKeys({ "/": () => document.getElementById("search-box")?.focus(), Escape: () => go({ object: undefined }) });

  const [pictureFailed, setPictureFailed] = useState<unknown>(null);
  const lookFor = async (picture: string, purpose: string, person: number | null) => {
    setPictureFailed(null);
    const { source, cameras, from, to } = readRange(address, new Date());
    const range = { source, cameras, ...(from ? { from } : {}), ...(to ? { to } : {}) };
    await byPicture.mutateAsync({ picture, purpose, person, ...range }).catch(setPictureFailed);
  };
  const error = words.error ?? answer.error;
  const waits = address.like !== undefined && question === null;
  return (
    <Page look={styles["search"] ?? ""} isChosen={object !== undefined}>
      <PageHead title={t("search.title")} lead={t("search.lead", { count: words.data?.days ?? 30 })} />
      <AskForm address={address} understood={understood} words={words.data} onAsk={go}>
        {may("biometric.search") ? (
          <PictureAsk isBusy={byPicture.isPending} onAsk={lookFor} onClear={() => byPicture.reset()} />
        ) : null}
      </AskForm>
      {pictureFailed ? <ProblemNote error={pictureFailed} what={t("search.pictureFailed")} /> : null}
      {error ? <ProblemNote error={error} what={t("search.failed")} /> : null}
      {waits ? <p className={styles["note"]}>{t("search.needsPurpose")}</p> : null}
      <div className={styles["columns"]}>
        <section className={styles["answer"]} aria-label={t("search.answer")}>
          {answer.isLoading ? <WallSkeleton /> : null}
          {pages ? (
            <>
              <Said page={pages[0]} />
              <Wall pages={pages} chosen={object} onChoose={(id) => go({ object: id, trace: undefined })} />
              {answer.hasNextPage && !byPicture.data ? (
                <Button onPress={() => void answer.fetchNextPage()} isDisabled={answer.isFetchingNextPage}>
                  {t("search.more")}
                </Button>
              ) : null}
              {pages[0]?.items.length === 0 ? <Nothing page={pages[0]} isNarrow={key !== "{}"} /> : null}
            </>
          ) : null}
        </section>
        {object ? (
          <ObjectDetail
            key={object}
            id={object}
            isTraced={trace !== undefined}
            address={address}
            onGo={go}
            onClose={() => go({ object: undefined, trace: undefined })}
          />
        ) : null}
      </div>
    </Page>
  );
}

/** How the answer came about, and how far it may be believed. */
function Said({ page }: { page: SearchPage | undefined }) {
  const { t } = useTranslation();
  if (!page || page.items.length === 0) return null;
  return (
    <p className="muted" role="status">
      {t("search.found", { count: page.total })} {t(`search.by.${page.by}`)} {page.cut ? t("search.cut") : null}{" "}
      {BIOMETRIC.includes(page.by) && !page.calibrated ? <Unrated page={page} /> : null}
    </p>
  );
}

/** Why it is not said how alike they are. */
function Unrated({ page }: { page: SearchPage }) {
  const { t, i18n } = useTranslation();
  if (!page.evidence) return t("search.uncalibrated");
  const { pairs, needed } = page.evidence;
  const said = { pairs: formatNumber(pairs, i18n.language), needed: formatNumber(needed, i18n.language) };
  return t("search.tooFewStrangers", said);
}

function Nothing({ page, isNarrow }: { page: SearchPage; isNarrow: boolean }) {
  const { t } = useTranslation();
  if (BIOMETRIC.includes(page.by)) {
    const word = page.searched > 0 ? "nobody" : page.by === "face" ? "noFaces" : "noAppearances";
    return (
      <Empty icon={<SearchX size={32} aria-hidden />} title={t("search.none")}>
        <p>{t(`search.${word}`, { count: page.searched })}</p>
      </Empty>
    );
  }
  return (
    <Empty icon={<SearchX size={32} aria-hidden />} title={t(isNarrow ? "search.none" : "search.nothing")}>
      <p>{t(isNarrow ? "search.noneLead" : "search.nothingLead")}</p>
    </Empty>
  );
}

function WallSkeleton() {
  return (
    <div className={styles["wall"]} aria-hidden>
      {Array.from({ length: 8 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: tiles of a skeleton have no identity
        <Skeleton key={index} height={190} />
      ))}
    </div>
  );
}
