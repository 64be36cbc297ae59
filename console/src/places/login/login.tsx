// Signing in; and, when told so, choosing one's own password before anything else.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { sessionQuery, useServices } from "../../api/context";
import { unwrap } from "../../api/http";
import type { Session } from "../../api/types";
import { LANGUAGES, switchLanguage } from "../../i18n";
import { useSubmit } from "../../lib/use-submit";
import { Button } from "../../parts/button";
import { TextField } from "../../parts/field";
import { Mark } from "../../parts/mark";
import { ProblemNote } from "../../parts/problem-note";
import styles from "./login.module.css";
import { PasswordForm } from "./password-form";

const route = getRouteApi("/login");

const LANGUAGE_NAMES = { en: "English", vi: "Tiếng Việt" } as const;

/** Only addresses of this console: a link must not send a fresh session elsewhere. */
export function safeNext(next: string | undefined): string {
  return next?.startsWith("/") && !next.startsWith("//") && !next.startsWith("/\\") ? next : "/";
}

export function LoginPlace() {
  const { t, i18n } = useTranslation();
  const { http } = useServices();
  const queries = useQueryClient();
  const router = useRouter();
  const { next } = route.useSearch();
  const { data: session } = useQuery(sessionQuery(http));
  const [oldPassword, setOldPassword] = useState("");

  const enter = async (opened: Session, password: string) => {
    http.csrf = opened.csrf;
    queries.setQueryData(["session"], opened);
    if (opened.must_change_password) setOldPassword(password);
    else router.history.push(safeNext(next));
  };

  return (
    <main className={styles["page"]}>
      <div className={styles["card"]}>
        <div className={styles["brand"]}>
          <Mark size={32} />
          <span>Vedette</span>
        </div>
        {session?.must_change_password ? (
          <div className={styles["form"]}>
            <h1>{t("password.chooseTitle")}</h1>
            <p className="muted">{t("password.chooseLead")}</p>
            <PasswordForm current={oldPassword} onDone={(changed) => void enter(changed, "")} />
          </div>
        ) : (
          <LoginForm onSession={(opened, password) => void enter(opened, password)} />
        )}
        <div className={styles["languages"]}>
          {LANGUAGES.map((language) => (
            <Button
              key={language}
              look="quiet"
              small
              isDisabled={i18n.language === language}
              onPress={() => void switchLanguage(language)}
            >
              <span lang={language}>{LANGUAGE_NAMES[language]}</span>
            </Button>
          ))}
        </div>
      </div>
    </main>
  );
}

function LoginForm({ onSession }: { onSession: (session: Session, password: string) => void }) {
  const { t } = useTranslation();
  const { http } = useServices();
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const { error, isBusy, onSubmit } = useSubmit(async () => {
    const session = await unwrap(http.client.POST("/api/v1/session", { body: { user: user.trim(), password } }));
    onSession(session, password);
  });

  return (
    <form className={styles["form"]} onSubmit={onSubmit}>
      <h1>{t("login.title")}</h1>
      <TextField
        label={t("login.user")}
        name="user"
        value={user}
        onChange={setUser}
        autoComplete="username"
        autoFocus
        isRequired
      />
      <TextField
        label={t("login.password")}
        name="password"
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
        isRequired
      />
      {error ? <ProblemNote error={error} /> : null}
      <Button type="submit" look="primary" isDisabled={isBusy || user === "" || password === ""}>
        {isBusy ? t("login.busy") : t("login.submit")}
      </Button>
    </form>
  );
}
