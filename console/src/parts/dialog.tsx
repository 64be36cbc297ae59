// A modal dialog, and the question asked before something is destroyed. Escape closes, focus returns to where it was.

import { X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Button, classes, IconButton } from "./button";
import styles from "./dialog.module.css";
import { ProblemNote } from "./problem-note";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  actions?: ReactNode;
  isWide?: boolean;
  role?: "dialog" | "alertdialog";
}

export function Dialog({ title, onClose, children, actions, isWide = false, role = "dialog" }: DialogProps) {
  const { t } = useTranslation();
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onClose()} className={styles["overlay"] ?? ""}>
      <Modal className={classes(styles["modal"], isWide && styles["wide"])}>
        <AriaDialog role={role} className={styles["dialog"] ?? ""}>
          <header className={styles["head"]}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <IconButton label={t("common.close")} onPress={onClose} small>
              <X size={16} aria-hidden />
            </IconButton>
          </header>
          <div className={styles["body"]}>{children}</div>
          {actions ? <footer className={styles["actions"]}>{actions}</footer> : null}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface ConfirmProps {
  title: string;
  /** What will happen and what cannot be undone. */
  consequence: string;
  action: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

export function ConfirmDialog({ title, consequence, action, onConfirm, onClose }: ConfirmProps) {
  const { t } = useTranslation();
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      role="alertdialog"
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button look="danger" onPress={() => void confirm()} isDisabled={isBusy}>
            {action}
          </Button>
        </>
      }
    >
      <p>{consequence}</p>
      {error ? <ProblemNote error={error} /> : null}
    </Dialog>
  );
}
