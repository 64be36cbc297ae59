import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useServices } from "../../api/context";
import { Dialog } from "../../parts/dialog";
import { PasswordForm } from "./password-form";

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { http } = useServices();
  const queries = useQueryClient();
  return (
    <Dialog title={t("password.change")} onClose={onClose}>
      <PasswordForm
        current=""
        onDone={(session) => {
          http.csrf = session.csrf;
          queries.setQueryData(["session"], session);
          onClose();
        }}
      />
    </Dialog>
  );
}
