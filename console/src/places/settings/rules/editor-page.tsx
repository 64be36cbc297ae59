// The page of an editor that draws on one camera's picture: title, way back, and what stands in for it meanwhile.

import { Link } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCameras } from "../../../api/queries";
import type { Camera } from "../../../api/types";
import { buttonClass } from "../../../parts/button";
import { PageHead, Skeleton } from "../../../parts/misc";
import { ProblemNote } from "../../../parts/problem-note";

interface Props<Stored> {
  cameraId: string;
  title: string;
  lead: string;
  failed: string;
  query: { data: Stored | undefined; error: Error | null };
  children: (camera: Camera, stored: Stored) => ReactNode;
}

export function EditorPage<Stored>({ cameraId, title, lead, failed, query, children }: Props<Stored>) {
  const { t } = useTranslation();
  const { data: cameras } = useCameras();
  const camera = cameras?.find((one) => one.id === cameraId);
  return (
    <>
      <PageHead title={`${title} – ${camera?.name ?? "…"}`} lead={lead}>
        <Link to="/settings/cameras" className={buttonClass()}>
          <ArrowLeft size={15} aria-hidden />
          {t("common.back")}
        </Link>
      </PageHead>
      {query.error ? <ProblemNote error={query.error} what={failed} /> : null}
      {camera && query.data ? children(camera, query.data) : null}
      {!query.data && !query.error ? <Skeleton height={420} /> : null}
    </>
  );
}
