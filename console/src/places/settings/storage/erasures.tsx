// Erasing footage before its term: what an order would take is shown before it can be given, and orders that are not
// carried out yet stay in sight.

import { Eraser } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useErasures, useOrderErasure, usePlanErasure } from "../../../api/erasures";
import { type KnownCamera, useKnownCameras } from "../../../api/storage";
import type { Erasure, ErasurePlan, ErasureRange } from "../../../api/types";
import { formatBytes, formatMoment } from "../../../lib/format";
import { isoRange, readRange, writeRange } from "../../../lib/range";
import { Button } from "../../../parts/button";
import { Dialog } from "../../../parts/dialog";
import { SelectField, TextField } from "../../../parts/field";
import { Table } from "../../../parts/misc";
import { ProblemNote } from "../../../parts/problem-note";
import { RangeFields } from "../../../parts/range/range-fields";
import { Section } from "./section";

const HOUR_MS = 3_600_000;
const ALL = "all";
const REASON_AT_MOST = 500;

export function Erasures() {
  const { t } = useTranslation();
  const { data: orders, error } = useErasures();
  const cameras = useKnownCameras();
  const [isOrdering, setOrdering] = useState(false);
  return (
    <Section
      title={t("erasure.title")}
      lead={orders?.length ? t("erasure.open", { count: orders.length }) : t("erasure.lead")}
      action={
        cameras && cameras.length > 0 ? (
          <Button onPress={() => setOrdering(true)}>
            <Eraser size={15} aria-hidden />
            {t("erasure.start")}
          </Button>
        ) : null
      }
    >
      {error && !orders ? <ProblemNote error={error} what={t("erasure.failed")} /> : null}
      {orders && orders.length > 0 ? (
        <Table label={t("erasure.title")} head={<OrderHead />}>
          {orders.map((order) => (
            <OrderRow key={order.id} order={order} cameras={cameras ?? []} />
          ))}
        </Table>
      ) : null}
      {isOrdering && cameras ? <ErasureDialog cameras={cameras} onClose={() => setOrdering(false)} /> : null}
    </Section>
  );
}

function OrderHead() {
  const { t } = useTranslation();
  return (
    <>
      <th scope="col">{t("review.camera")}</th>
      <th scope="col">{t("review.from")}</th>
      <th scope="col">{t("review.to")}</th>
      <th scope="col">{t("hold.reason")}</th>
      <th scope="col">{t("erasure.by")}</th>
      <th scope="col">{t("erasure.state")}</th>
    </>
  );
}

function OrderRow({ order, cameras }: { order: Erasure; cameras: readonly KnownCamera[] }) {
  const { t, i18n } = useTranslation();
  const at = (text: string) => formatMoment(Date.parse(text), 0, i18n.language);
  const names = order.camera_ids.map((id) => cameras.find((camera) => camera.id === id)?.name ?? id.slice(-6));
  const state = order.waits_for.length
    ? t("erasure.waits", { volumes: order.waits_for.join(", ") })
    : t("erasure.left", { count: order.segments_left });
  return (
    <tr>
      <td data-cell="title">{names.join(", ")}</td>
      <td data-label={t("review.from")}>{at(order.from)}</td>
      <td data-label={t("review.to")}>{at(order.to)}</td>
      <td data-label={t("hold.reason")}>{order.reason}</td>
      <td data-label={t("erasure.by")}>{`${order.ordered_by}, ${at(order.ordered_at)}`}</td>
      <td data-label={t("erasure.state")}>{state}</td>
    </tr>
  );
}

/** What was asked, as one text: a plan is worth something only for exactly this. */
const keyOf = (range: ErasureRange | null) => (range ? `${range.camera_id} ${range.from} ${range.to}` : "");

export function ErasureDialog({ cameras, onClose }: { cameras: readonly KnownCamera[]; onClose: () => void }) {
  const { t } = useTranslation();
  const [cameraId, setCameraId] = useState(cameras.length === 1 ? (cameras[0]?.id ?? "") : "");
  const [text, setText] = useState(() => writeRange({ fromMs: Date.now() - HOUR_MS, toMs: Date.now() }));
  const [reason, setReason] = useState("");
  const plan = usePlanErasure();
  const order = useOrderErasure();
  const read = readRange(text, new Date());
  const wanted: ErasureRange | null =
    read.range && cameraId ? { camera_id: cameraId === ALL ? null : cameraId, ...isoRange(read.range) } : null;
  const planned = plan.data && keyOf(plan.variables) === keyOf(wanted) ? plan.data : null;
  const mayOrder = planned !== null && isErasable(planned) && reason.trim() !== "";
  return (
    <Dialog
      title={t("erasure.start")}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t("common.cancel")}</Button>
          {planned ? (
            <Button
              look="danger"
              isDisabled={!mayOrder || order.isPending}
              onPress={() => wanted && order.mutate({ ...wanted, reason: reason.trim() }, { onSuccess: onClose })}
            >
              {t("erasure.action")}
            </Button>
          ) : (
            <Button look="primary" isDisabled={!wanted || plan.isPending} onPress={() => wanted && plan.mutate(wanted)}>
              {t("erasure.show")}
            </Button>
          )}
        </>
      }
    >
      <p className="muted">{t("erasure.dialogLead")}</p>
      <SelectField
        label={t("review.camera")}
        value={cameraId}
        onChange={setCameraId}
        options={[...cameras.map(({ id, name }) => ({ id, label: name })), { id: ALL, label: t("erasure.allCameras") }]}
      />
      <RangeFields text={text} read={read} onChange={setText} />
      <TextField
        label={t("hold.reason")}
        hint={t("erasure.reasonHint")}
        value={reason}
        onChange={setReason}
        maxLength={REASON_AT_MOST}
        isRequired
      />
      {plan.error ? <ProblemNote error={plan.error} what={t("erasure.planFailed")} /> : null}
      {planned ? <PlanNote plan={planned} /> : null}
      {order.error ? <ProblemNote error={order.error} what={t("erasure.orderFailed")} /> : null}
    </Dialog>
  );
}

/** Whether an order may be given: something is there, and nothing of it is held. Pure. */
export function isErasable(plan: Pick<ErasurePlan, "holds" | "segments" | "pictures" | "out_of_reach">): boolean {
  return plan.holds.length === 0 && (plan.segments > 0 || plan.pictures > 0 || plan.out_of_reach.length > 0);
}

function PlanNote({ plan }: { plan: ErasurePlan }) {
  const { t, i18n } = useTranslation();
  const at = (text: string) => formatMoment(Date.parse(text), 0, i18n.language);
  if (plan.holds.length) {
    return <p role="alert">{t("erasure.held", { count: plan.holds.length, detail: plan.hold_detail })}</p>;
  }
  if (!isErasable(plan)) return <p role="status">{t("erasure.nothing")}</p>;
  const size = formatBytes(plan.bytes, i18n.language);
  return (
    <div role="status">
      <p>
        <strong>{t("erasure.takes", { size, from: at(plan.from), to: at(plan.to) })}</strong>
      </p>
      <p className="muted">{t("erasure.counts", { segments: plan.segments, pictures: plan.pictures })}</p>
      {plan.key_days.length ? <p className="muted">{t("erasure.keys", { days: plan.key_days.join(", ") })}</p> : null}
      {plan.out_of_reach.length ? <p>{t("erasure.outOfReach", { volumes: plan.out_of_reach.join(", ") })}</p> : null}
    </div>
  );
}
