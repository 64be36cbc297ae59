// The people of one list of faces: who, on what ground, until when; enrolled and removed here.

import { Pencil, Trash2, TriangleAlert, UserPlus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/context";
import { portraitUrl, usePeople, useSavePeople } from "../../api/people";
import { useCameras } from "../../api/queries";
import type { Person, Watchlist } from "../../api/types";
import { formatShortDay } from "../../lib/format";
import { Button, IconButton } from "../../parts/button";
import { ConfirmDialog } from "../../parts/dialog";
import { Badge, Table, TableSkeleton } from "../../parts/misc";
import { ProblemNote } from "../../parts/problem-note";
import { EnrolDialog } from "./enrol-dialog";
import { ListHead } from "./entries";
import styles from "./people.module.css";
import { PersonDialog } from "./person-dialog";
import { SearchField } from "./search-field";

export function People({ list, onBack }: { list: Watchlist; onBack: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const [search, setSearch] = useState("");
  const [isEnrolling, setEnrolling] = useState(false);
  const [editing, setEditing] = useState<Person | null>(null);
  const [removing, setRemoving] = useState<Person | null>(null);
  const { data: people, error } = usePeople(list.id, search);
  const { remove } = useSavePeople(list.id);
  return (
    <section className={styles["people"]} aria-label={list.name}>
      <ListHead list={list} mayChange={may("watchlist.manage") && may("face.enroll")} onBack={onBack} />
      <BlindCameras ids={list.cameras_without_faces} />
      <div className={styles["bar"]}>
        <SearchField label={t("people.search")} value={search} onChange={setSearch} maxLength={80} />
        {may("face.enroll") ? (
          <Button look="primary" onPress={() => setEnrolling(true)}>
            <UserPlus size={16} aria-hidden />
            {t("people.enrol")}
          </Button>
        ) : null}
      </div>
      {error && !people ? <ProblemNote error={error} what={t("people.failed")} /> : null}
      {!people && !error ? <TableSkeleton rows={3} /> : null}
      {people?.items.length === 0 ? <p className="muted">{t(search ? "people.noneFound" : "people.none")}</p> : null}
      {people && people.items.length > 0 ? (
        <PeopleTable people={people.items} onEdit={setEditing} onRemove={setRemoving} />
      ) : null}
      {isEnrolling ? <EnrolDialog listId={list.id} listName={list.name} onClose={() => setEnrolling(false)} /> : null}
      {editing ? <PersonDialog person={editing} onClose={() => setEditing(null)} /> : null}
      {removing ? (
        <ConfirmDialog
          title={t("people.removeTitle", { name: removing.name })}
          consequence={t("people.removeConsequence")}
          action={t("people.remove")}
          onConfirm={() => remove.mutateAsync(removing.id)}
          onClose={() => setRemoving(null)}
        />
      ) : null}
    </section>
  );
}

/** A list looks in vain where faces are off, and must say so. */
function BlindCameras({ ids }: { ids: readonly string[] }) {
  const { t } = useTranslation();
  const may = useMay();
  const { data: cameras } = useCameras(may("camera.view") && ids.length > 0);
  if (ids.length === 0) return null;
  const names = ids.map((id) => cameras?.find((camera) => camera.id === id)?.name ?? id);
  return (
    <div role="status" className={styles["blind"]}>
      <TriangleAlert size={18} aria-hidden />
      <p>
        <strong>{t("people.blind", { count: ids.length })}</strong> {names.slice(0, 8).join(", ")}
        {names.length > 8 ? " …" : ""}. {t("people.blindHint")}
      </p>
    </div>
  );
}

interface PeopleTableProps {
  people: readonly Person[];
  onEdit: (person: Person) => void;
  onRemove: (person: Person) => void;
}

function PeopleTable({ people, onEdit, onRemove }: PeopleTableProps) {
  const { t } = useTranslation();
  return (
    <Table
      label={t("people.title")}
      head={
        <>
          <th scope="col">{t("people.name")}</th>
          <th scope="col">{t("people.ground")}</th>
          <th scope="col">{t("people.reason")}</th>
          <th scope="col">{t("people.until")}</th>
          <th scope="col">{t("people.enrolledBy")}</th>
          <th scope="col">
            <span className="visually-hidden">{t("common.actions")}</span>
          </th>
        </>
      }
    >
      {people.map((person) => (
        <PersonRow key={person.id} person={person} onEdit={() => onEdit(person)} onRemove={() => onRemove(person)} />
      ))}
    </Table>
  );
}

interface PersonRowProps {
  person: Person;
  onEdit: () => void;
  onRemove: () => void;
}

function PersonRow({ person, onEdit, onRemove }: PersonRowProps) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const isOver = person.to !== null && Date.parse(person.to) <= Date.now();
  const day = (text: string) => formatShortDay(Date.parse(text), i18n.language);
  return (
    <tr>
      <td data-cell="title">
        <span className={styles["who"]}>
          {person.portraits > 0 && !isOver ? (
            <img src={portraitUrl(person.list_id, person.id, 0)} alt="" width={36} height={36} loading="lazy" />
          ) : null}
          <strong>{person.name}</strong>
        </span>
      </td>
      <td data-label={t("people.ground")}>
        {t(`people.grounds.${person.ground}`)}, {person.granted_on}
        <span className={styles["document"]}>{person.document}</span>
      </td>
      <td data-label={t("people.reason")}>{person.reason}</td>
      <td data-label={t("people.until")}>
        {person.to === null ? t("people.noEnd") : day(person.to)} {isOver ? <Badge>{t("people.over")}</Badge> : null}
      </td>
      <td data-label={t("people.enrolledBy")}>
        {person.created_by}, {day(person.created_at)}
      </td>
      <td data-cell="actions">
        {may("face.enroll") ? (
          <span className={styles["rowActions"]}>
            <IconButton small label={`${t("common.edit")}: ${person.name}`} onPress={onEdit}>
              <Pencil size={15} aria-hidden />
            </IconButton>
            <IconButton small label={`${t("people.remove")}: ${person.name}`} onPress={onRemove}>
              <Trash2 size={15} aria-hidden />
            </IconButton>
          </span>
        ) : null}
      </td>
    </tr>
  );
}
