// Events as they happen, over one socket for the whole console: into the cache, to pages that listen, and to the
// screen reader's live region. Nothing pops up: the rail counts, the queue fills.

import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { API } from "../api/http";
import { keepSocket, socketUrl } from "../api/socket";
import type { Happening } from "../api/types";
import { useWords } from "../parts/words";

type Listener = (event: Happening) => void;

interface Feed {
  listen: (listener: Listener) => () => void;
}

const FeedContext = createContext<Feed>({ listen: () => () => undefined });

const REFRESH_MS = 1000;

export function useFeed(listener: Listener): void {
  const { listen } = useContext(FeedContext);
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => listen((event) => latest.current(event)), [listen]);
}

export function EventFeed({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const listeners = useRef(new Set<Listener>());
  const [said, setSaid] = useState("");
  const { t } = useTranslation();
  const words = useWords();
  const announce = useRef<Listener>(() => undefined);
  announce.current = (event) =>
    setSaid(t("alarms.announce", { what: words.kind(event.kind), camera: event.camera_name }));

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ["events"] });
      }, REFRESH_MS);
    };
    const close = keepSocket({
      url: socketUrl(`${API}/events`),
      onOpen: refresh,
      onMessage: (message) => {
        const event = message as Happening;
        if (typeof event.id !== "string" || typeof event.kind !== "string") return;
        queries.setQueryData(["event", event.id], event);
        refresh();
        if (event.state === "new" && event.to === null) announce.current(event);
        for (const listener of listeners.current) listener(event);
      },
    });
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [queries]);

  const feed = useMemo<Feed>(
    () => ({
      listen: (listener) => {
        listeners.current.add(listener);
        return () => listeners.current.delete(listener);
      },
    }),
    [],
  );
  return (
    <FeedContext.Provider value={feed}>
      {children}
      <div className="visually-hidden" role="status" aria-live="polite">
        {said}
      </div>
    </FeedContext.Provider>
  );
}
