// Changes what is written of a person. For other pictures he is removed and enrolled anew.

import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSavePeople } from "../../api/people";
import { Problem } from "../../api/problem";
import type { Person } from "../../api/types";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { ProblemNote } from "../../parts/problem-note";
import { PersonFields } from "./enrol-dialog";
import { changeBody, isComplete, personForm } from "./enrol-form";

export function PersonDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState(() => personForm(person));
  const { change } = useSavePeople(person.list_id);
  const save = () => change.mutate({ id: person.id, body: changeBody(person, form) }, { onSuccess: onClose });
  return (
    <Dialog
      title={t("people.editTitle", { name: person.name })}
      onClose={onClose}
      isWide
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          <Button look="primary" onPress={save} isDisabled={!isComplete(form, person.pictures) || change.isPending}>
            {change.isPending ? t("common.saving") : t("common.save")}
          </Button>
        </>
      }
    >
      <p className="muted">{t("people.editLead")}</p>
      <PersonFields
        form={form}
        error={change.error instanceof Problem ? change.error : null}
        onChange={(changed) => setForm({ ...form, ...changed })}
        isNew={false}
      />
      {change.error ? <ProblemNote error={change.error} what={t("people.saveFailed")} /> : null}
    </Dialog>
  );
}
