// What an export hides from whom makes it: cameras with privacy zones, for those who may not see the whole picture.

import { useQueries } from "@tanstack/react-query";
import { EyeOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useClient, useMay } from "../../api/context";
import { privacyQuery } from "../../api/queries";
import styles from "./export-dialog.module.css";

export type Masking = "none" | "files" | "bundle";

/** What masking means for an order: masked files, or a bundle that proves the originals and holds masked copies. */
export function judgeMasking(hiddenCount: number, isBundle: boolean): Masking {
  if (hiddenCount === 0) return "none";
  return isBundle ? "bundle" : "files";
}

/** Those of the cameras of which parts are hidden from the user. */
export function useHiddenCameras<Camera extends { id: string }>(cameras: readonly Camera[]): Camera[] {
  const client = useClient();
  const mayUnmask = useMay()("privacy.unmask");
  const answers = useQueries({
    queries: cameras.map((camera) => ({ ...privacyQuery(client, camera.id), enabled: !mayUnmask })),
  });
  return cameras.filter((_, index) => (answers[index]?.data?.length ?? 0) > 0);
}

interface MaskingNoteProps {
  hidden: readonly { name: string }[];
  masking: Masking;
}

export function MaskingNote({ hidden, masking }: MaskingNoteProps) {
  const { t } = useTranslation();
  if (masking === "none") return null;
  const words = t(masking === "bundle" ? "export.maskedBundle" : "export.maskedLead");
  return (
    <p className={styles["presence"]} data-tone="warn" role="status">
      <EyeOff size={16} aria-hidden />
      <span>
        <strong>{t("tile.masked")}</strong> ({hidden.map((camera) => camera.name).join(", ")}). {words}
      </span>
    </p>
  );
}
