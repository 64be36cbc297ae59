// Which models, how good? The classifier of pictures, and the operator's own categories.

import { getRouteApi, Link } from "@tanstack/react-router";
import { FlaskConical } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useClassify, useClassifyChanged } from "../../api/lab";
import { Empty, Page, PageHead } from "../../parts/misc";
import { CategoriesView } from "./categories";
import { ClassifierCard } from "./classifier-card";
import styles from "./lab.module.css";
import { LookBox } from "./look-box";

const route = getRouteApi("/app/lab");

export function LabPlace() {
  const { t } = useTranslation();
  const { view } = route.useSearch();
  const isOwn = view === "categories";
  return (
    <Page>
      <PageHead title={t("lab.title")} lead={isOwn ? t("lab.own.lead") : t("lab.lead")} />
      <nav className={styles["tabs"]} aria-label={t("lab.parts")}>
        <Link
          to="/lab"
          search={{}}
          activeOptions={{ exact: true }}
          className={styles["tab"]}
          aria-current={isOwn ? undefined : "page"}
        >
          {t("lab.pictures")}
        </Link>
        <Link
          to="/lab"
          search={{ view: "categories" }}
          className={styles["tab"]}
          aria-current={isOwn ? "page" : undefined}
        >
          {t("lab.own.title")}
        </Link>
      </nav>
      {isOwn ? <CategoriesView /> : <PicturesView />}
    </Page>
  );
}

function PicturesView() {
  const { t } = useTranslation();
  const nameClass = useClassNames();
  const { mutateAsync } = useClassify();
  const askChanged = useClassifyChanged();
  return (
    <>
      <LookBox
        ask={mutateAsync}
        askChanged={askChanged}
        nameClass={nameClass}
        empty={<Empty icon={<FlaskConical size={32} aria-hidden />} title={t("lab.none")} />}
      />
      <ClassifierCard nameClass={nameClass} />
    </>
  );
}

/** A class in the reader's language; one that somebody taught the system himself has his own word. */
function useClassNames(): (label: string) => string {
  const { t, i18n } = useTranslation();
  const translate = t as unknown as (name: string) => string;
  return (label) => (i18n.exists(`lab.classes.${label}`) ? translate(`lab.classes.${label}`) : label);
}
