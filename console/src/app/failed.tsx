// What stands in a place's room while it loads, when it failed, and when there is none.

import { Link, useRouter } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button, buttonClass } from "../parts/button";
import { Empty } from "../parts/misc";
import { ProblemNote } from "../parts/problem-note";
import styles from "./failed.module.css";

export function PageFailed({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const router = useRouter();
  return (
    <div className={styles["box"]}>
      <ProblemNote error={error} />
      <Button onPress={() => void router.invalidate()}>{t("common.retry")}</Button>
    </div>
  );
}

export function PagePending() {
  const { t } = useTranslation();
  return (
    <p className={styles["box"]} role="status">
      {t("common.loading")}
    </p>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Empty icon={<Compass size={32} aria-hidden />} title={t("app.notFound")}>
      <Link to="/" className={buttonClass("primary")}>
        {t("app.home")}
      </Link>
    </Empty>
  );
}
