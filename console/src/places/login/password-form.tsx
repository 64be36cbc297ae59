// Changing one's own password. `current` is filled when it was typed a moment ago.

import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../../api/context";
import { unwrap } from "../../api/http";
import { Problem } from "../../api/problem";
import type { Session } from "../../api/types";
import { useSubmit } from "../../lib/use-submit";
import { Button } from "../../parts/button";
import { TextField } from "../../parts/field";
import { ProblemNote } from "../../parts/problem-note";
import styles from "./password-form.module.css";

export const SHORTEST_PASSWORD = 10;

export function PasswordForm({ current, onDone }: { current: string; onDone: (session: Session) => void }) {
  const { t } = useTranslation();
  const { http } = useServices();
  const [old, setOld] = useState(current);
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const { error, isBusy, onSubmit } = useSubmit(async () => {
    const body = { current: old, new: fresh };
    onDone(await unwrap(http.client.POST("/api/v1/session/password", { body })));
  });
  const differs = again !== "" && again !== fresh;

  return (
    <form className={styles["form"]} onSubmit={onSubmit}>
      {current === "" ? (
        <TextField
          label={t("password.current")}
          type="password"
          value={old}
          onChange={setOld}
          autoComplete="current-password"
          isRequired
        />
      ) : null}
      <TextField
        label={t("password.new")}
        name="new-password"
        type="password"
        value={fresh}
        onChange={setFresh}
        autoComplete="new-password"
        hint={t("password.hint", { count: SHORTEST_PASSWORD })}
        error={error instanceof Problem ? error.fieldError("new") : undefined}
        autoFocus={current !== ""}
        isRequired
      />
      <TextField
        label={t("password.again")}
        name="again"
        type="password"
        value={again}
        onChange={setAgain}
        autoComplete="new-password"
        error={differs ? t("password.differs") : undefined}
        isRequired
      />
      {error ? <ProblemNote error={error} /> : null}
      <Button type="submit" look="primary" isDisabled={isBusy || old === "" || fresh === "" || fresh !== again}>
        {t("password.save")}
      </Button>
    </form>
  );
}
