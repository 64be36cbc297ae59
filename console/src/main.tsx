// Constructs everything once and renders.

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { I18nProvider } from "react-aria-components";
import { createRoot } from "react-dom/client";
import { I18nextProvider } from "react-i18next";
import { ServicesContext } from "./api/context";
import { Http } from "./api/http";
import { ServerLink } from "./api/link";
import { Problem } from "./api/problem";
import { makeRouter } from "./app/router";
import { startTheme } from "./app/theme";
import { startLanguage } from "./i18n";
import { EnlargerPool } from "./media/enhance/pool";
import "./styles/base.css";

const TRIES = 2;

async function start(): Promise<void> {
  startTheme();
  const i18n = await startLanguage();
  const link: ServerLink = new ServerLink(() => http.probe());
  const http: Http = new Http(link);
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2000,
        refetchOnWindowFocus: false,
        // A refusal stays a refusal; only a server that is away is asked again.
        retry: (count, error) => error instanceof Problem && (error.isAway || error.status >= 500) && count < TRIES,
      },
    },
  });
  const services = { http, link, queries, enlargers: new EnlargerPool() };
  const router = makeRouter(services);
  // The session ended on the server: to the login, and back to the same view afterwards.
  queries.getQueryCache().subscribe((event) => {
    const error = event.query.state.error;
    if (event.type !== "updated" || !(error instanceof Problem) || error.status !== 401) return;
    queries.setQueryData(["session"], null);
    void router.invalidate();
  });
  link.onReturn(() => {
    void queries.invalidateQueries();
    void router.invalidate();
  });
  const root = document.getElementById("root");
  if (!root) throw new Error("no #root in the page");
  createRoot(root).render(
    <StrictMode>
      <I18nextProvider i18n={i18n}>
        <I18nProvider locale={i18n.language}>
          <QueryClientProvider client={queries}>
            <ServicesContext.Provider value={services}>
              <RouterProvider router={router} />
            </ServicesContext.Provider>
          </QueryClientProvider>
        </I18nProvider>
      </I18nextProvider>
    </StrictMode>,
  );
}

void start();
