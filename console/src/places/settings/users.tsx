// Who may sign in and what they may do. A made password is shown once.

import { Check, Copy, KeyRound, Pencil, Plus, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/context";
import { Problem } from "../../api/problem";
import { useSaveUser, useUsers } from "../../api/queries";
import type { Role, User } from "../../api/types";
import { formatMoment } from "../../lib/format";
import { Button, IconButton } from "../../parts/button";
import { ConfirmDialog, Dialog } from "../../parts/dialog";
import { SelectField, SwitchField, TextField } from "../../parts/field";
import { Badge, PageHead, Table, TableSkeleton } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { makePassword } from "./password";
import styles from "./users.module.css";

const ROLES: readonly Role[] = ["administrator", "monitor", "guard", "auditor"];

interface Made {
  /** A password set by an administrator, as against the first one of a new user. */
  isReset: boolean;
  name: string;
  password: string;
}

export function UsersPage() {
  const { t } = useTranslation();
  const { data: users, error } = useUsers();
  const { remove, change } = useSaveUser();
  const [editing, setEditing] = useState<User | "new" | null>(null);
  const [deleting, setDeleting] = useState<User | null>(null);
  const [resetting, setResetting] = useState<User | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  return (
    <>
      <PageHead title={t("users.title")} lead={t("users.lead")}>
        <Button look="primary" onPress={() => setEditing("new")}>
          <Plus size={16} aria-hidden />
          {t("users.add")}
        </Button>
      </PageHead>
      {error && !users ? <ProblemNote error={error} what={t("users.failed")} /> : null}
      {!users && !error ? <TableSkeleton rows={3} /> : null}
      {users ? (
        <Table
          label={t("users.title")}
          head={
            <>
              <th scope="col">{t("users.name")}</th>
              <th scope="col">{t("users.role")}</th>
              <th scope="col">{t("users.state")}</th>
              <th scope="col">{t("users.lastLogin")}</th>
              <th scope="col">
                <span className="visually-hidden">{t("common.actions")}</span>
              </th>
            </>
          }
        >
          {users.map((user) => (
            <UserRow
              key={user.id}
              user={user}
              onEdit={() => setEditing(user)}
              onReset={() => setResetting(user)}
              onDelete={() => setDeleting(user)}
            />
          ))}
        </Table>
      ) : null}
      {editing ? (
        <UserDialog user={editing === "new" ? null : editing} onClose={() => setEditing(null)} onMade={setMade} />
      ) : null}
      {made ? <MadeDialog made={made} onClose={() => setMade(null)} /> : null}
      {resetting ? (
        <ConfirmDialog
          title={t("users.resetTitle", { name: resetting.name })}
          consequence={t("users.resetConsequence")}
          action={t("users.reset")}
          onConfirm={async () => {
            const password = makePassword();
            await change.mutateAsync({ id: resetting.id, body: { password } });
            setMade({ isReset: true, name: resetting.name, password });
          }}
          onClose={() => setResetting(null)}
        />
      ) : null}
      {deleting ? (
        <ConfirmDialog
          title={t("users.deleteTitle", { name: deleting.name })}
          consequence={t("users.deleteConsequence")}
          action={t("users.deleteAction")}
          onConfirm={() => remove.mutateAsync(deleting.id)}
          onClose={() => setDeleting(null)}
        />
      ) : null}
    </>
  );
}

interface UserRowProps {
  user: User;
  onEdit: () => void;
  onReset: () => void;
  onDelete: () => void;
}

function UserRow({ user, onEdit, onReset, onDelete }: UserRowProps) {
  const { t, i18n } = useTranslation();
  const session = useSession();
  const isMe = session.user.id === user.id;
  const last = user.last_login_at
    ? formatMoment(Date.parse(user.last_login_at), Date.now(), i18n.language)
    : t("common.never");
  return (
    <tr>
      <td data-cell="title">
        <strong>{user.name}</strong> {isMe ? <span className="muted">({t("users.you")})</span> : null}
      </td>
      <td data-label={t("users.role")}>{t(`roles.${user.role}`)}</td>
      <td data-label={t("users.state")}>
        {user.disabled ? <Badge>{t("users.disabled")}</Badge> : <Badge tone="good">{t("users.active")}</Badge>}
        {user.must_change_password && !user.disabled ? (
          <span className={styles["hint"]}>{t("users.mustChange")}</span>
        ) : null}
      </td>
      <td data-label={t("users.lastLogin")}>{last}</td>
      <td data-cell="actions">
        <span className={styles["actions"]}>
          <IconButton small label={`${t("common.edit")}: ${user.name}`} onPress={onEdit}>
            <Pencil size={15} aria-hidden />
          </IconButton>
          <IconButton small label={`${t("users.reset")}: ${user.name}`} onPress={onReset}>
            <KeyRound size={15} aria-hidden />
          </IconButton>
          {isMe ? null : (
            <IconButton small label={`${t("common.delete")}: ${user.name}`} onPress={onDelete}>
              <Trash2 size={15} aria-hidden />
            </IconButton>
          )}
        </span>
      </td>
    </tr>
  );
}

interface UserDialogProps {
  user: User | null;
  onClose: () => void;
  onMade: (made: Made) => void;
}

function UserDialog({ user, onClose, onMade }: UserDialogProps) {
  const { t } = useTranslation();
  const session = useSession();
  const { add, change } = useSaveUser();
  const [name, setName] = useState(user?.name ?? "");
  const [role, setRole] = useState<Role>(user?.role ?? "guard");
  const [isDisabled, setDisabled] = useState(user?.disabled ?? false);
  const error = add.error ?? change.error;

  const save = async (event?: FormEvent) => {
    event?.preventDefault();
    try {
      if (user) await change.mutateAsync({ id: user.id, body: { name: name.trim(), role, disabled: isDisabled } });
      else {
        const made = await add.mutateAsync({ name: name.trim(), role, disabled: false, locale: "en" });
        if (made.password) onMade({ isReset: false, name: made.name, password: made.password });
      }
      onClose();
    } catch {
      // The mutation keeps the error and the dialog stays open with it.
    }
  };
  return (
    <Dialog
      title={user ? t("users.editTitle", { name: user.name }) : t("users.addTitle")}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button
            look="primary"
            isDisabled={name.trim() === "" || add.isPending || change.isPending}
            onPress={() => void save()}
          >
            {t("common.save")}
          </Button>
        </>
      }
    >
      <form className={styles["form"]} onSubmit={(event) => void save(event)}>
        <TextField
          label={t("users.name")}
          name="new-user"
          value={name}
          onChange={setName}
          autoFocus
          autoComplete="off"
          maxLength={64}
          error={error instanceof Problem ? error.fieldError("name") : undefined}
        />
        <SelectField
          label={t("users.role")}
          value={role}
          onChange={(id) => setRole(id as Role)}
          options={ROLES.map((id) => ({ id, label: t(`roles.${id}`) }))}
          hint={t(`roleHints.${role}`)}
        />
        {user && user.id !== session.user.id ? (
          <SwitchField label={t("users.disable")} isSelected={isDisabled} onChange={setDisabled} />
        ) : null}
      </form>
      {error ? <ProblemNote error={error} what={t("users.saveFailed")} /> : null}
    </Dialog>
  );
}

function MadeDialog({ made, onClose }: { made: Made; onClose: () => void }) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);
  return (
    <Dialog
      title={made.isReset ? t("users.resetDone", { name: made.name }) : t("users.made", { name: made.name })}
      onClose={onClose}
      actions={
        <Button look="primary" onPress={onClose}>
          {t("common.close")}
        </Button>
      }
    >
      <p>{made.isReset ? t("users.resetLead") : t("users.madeLead")}</p>
      <div className={styles["made"]}>
        <code>{made.password}</code>
        <Button
          small
          onPress={() => {
            void navigator.clipboard?.writeText(made.password);
            setCopied(true);
          }}
        >
          {isCopied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
          {isCopied ? t("common.copied") : t("common.copy")}
        </Button>
      </div>
    </Dialog>
  );
}
