// Where in a camera's picture analysis looks and motion counts, drawn on the live picture, and how little of it does.
// Nothing is stored until Save.

import { getRouteApi } from "@tanstack/react-router";
import { Check, CircleMinus, CirclePlus, Eye, EyeOff, PenLine } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/context";
import { useMotion, useSaveMotion } from "../../../api/queries";
import type { Camera, Motion, MotionZone, Point } from "../../../api/types";
import { Button } from "../../../parts/button";
import { SelectField } from "../../../parts/field";
import { Empty } from "../../../parts/misc";
import { ProblemNote } from "../../../parts/problem-note";
import { Canvas } from "../rules/canvas";
import { EditorPage } from "../rules/editor-page";
import { clampPoint, freeName } from "../rules/geometry";
import {
  badZoneNames,
  CORNERS_AT_MOST,
  fromShape,
  isSame,
  NAME_AT_MOST,
  toShape,
  ZONES_AT_MOST,
} from "../rules/named-zones";
import styles from "../rules/rules.module.css";
import { SaveLine, ShapeCard } from "../rules/shape-card";

const route = getRouteApi("/app/settings/cameras/$cameraId/motion");
const SENSITIVITIES = ["low", "normal", "high"] as const;
const KINDS = ["exclude", "include", "ignore", "look"] as const;
const ICONS = { exclude: CircleMinus, include: CirclePlus, ignore: EyeOff, look: Eye };
type Kind = MotionZone["kind"];

export function MotionPage() {
  const { t } = useTranslation();
  const { cameraId } = route.useParams();
  return (
    <EditorPage
      cameraId={cameraId}
      title={t("motion.title")}
      lead={t("motion.lead")}
      failed={t("motion.failed")}
      query={useMotion(cameraId)}
    >
      {(camera, stored) => <Editor key={cameraId} camera={camera} stored={stored} />}
    </EditorPage>
  );
}

function Editor({ camera, stored }: { camera: Camera; stored: Motion }) {
  const { t } = useTranslation();
  const mayChange = useMay()("camera.configure");
  const save = useSaveMotion(camera.id);
  const [motion, setMotion] = useState<Motion>(stored);
  const [chosen, setChosen] = useState<number | null>(stored.zones.length > 0 ? 0 : null);
  const [drawing, setDrawing] = useState<{ kind: Kind; points: Point[] } | null>(null);
  const { zones } = motion;
  const isChanged = !isSame(motion, stored);
  const bad = badZoneNames(zones);

  useEffect(() => {
    if (!isChanged) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isChanged]);

  const setZones = (next: MotionZone[]) => setMotion({ ...motion, zones: next });
  const change = (index: number, zone: MotionZone) => setZones(zones.map((old, at) => (at === index ? zone : old)));
  const finish = (points: Point[]) => {
    if (!drawing) return;
    const name = freeName(zones.map(toShape), t(`motion.word.${drawing.kind}`));
    setZones([...zones, { name, kind: drawing.kind, polygon: points.map(clampPoint) }]);
    setChosen(zones.length);
    setDrawing(null);
  };
  const remove = (index: number) => {
    setZones(zones.filter((_, at) => at !== index));
    setChosen(null);
  };
  return (
    <div className={styles["editor"]}>
      <div className={styles["left"]}>
        <div className={styles["tools"]} role="toolbar" aria-label={t("motion.title")}>
          {KINDS.map((kind) => (
            <Button
              key={kind}
              onPress={() => setDrawing({ kind, points: [] })}
              isDisabled={!mayChange || drawing !== null || zones.length >= ZONES_AT_MOST}
            >
              <KindIcon kind={kind} />
              {t(`motion.add.${kind}`)}
            </Button>
          ))}
          {drawing ? (
            <>
              <Button look="primary" isDisabled={drawing.points.length < 3} onPress={() => finish(drawing.points)}>
                <Check size={15} aria-hidden />
                {t("rules.finish")}
              </Button>
              <Button look="quiet" onPress={() => setDrawing(null)}>
                {t("rules.discard")}
              </Button>
            </>
          ) : null}
        </div>
        <Canvas
          camera={camera}
          rules={zones.map(toShape)}
          chosen={mayChange ? chosen : null}
          drawing={drawing ? { shape: "zone", points: drawing.points } : null}
          cornersAtMost={CORNERS_AT_MOST}
          lookOf={(index) => zones[index]?.kind}
          onChoose={setChosen}
          onChange={(index, shape) => {
            const zone = zones[index];
            if (zone && mayChange) change(index, fromShape(zone, shape));
          }}
          onDraw={(points) => setDrawing(drawing && { ...drawing, points })}
          onFinish={(_, points) => finish(points)}
          onDiscard={() => setDrawing(null)}
        />
        <p className={styles["help"]}>
          <PenLine size={14} aria-hidden />
          {drawing ? t("privacy.draw") : t("rules.edit")}
        </p>
      </div>
      <div className={styles["right"]}>
        <SelectField
          label={t("motion.sensitivity")}
          hint={t(`motion.sensitivityHint.${motion.sensitivity}`)}
          value={motion.sensitivity}
          isDisabled={!mayChange}
          onChange={(step) => setMotion({ ...motion, sensitivity: step as Motion["sensitivity"] })}
          options={SENSITIVITIES.map((id) => ({ id, label: t(`motion.step.${id}`) }))}
        />
        {zones.length === 0 ? (
          <Empty title={t("motion.none")}>
            <p>{t("motion.noneLead")}</p>
          </Empty>
        ) : null}
        {zones.length > 0 && camera.analysis.detector === "none" ? (
          <p role="note" className="muted">
            {t("motion.notAnalysed")}
          </p>
        ) : null}
        <ul className={styles["list"]}>
          {zones.map((zone, index) => (
            <ShapeCard
              // biome-ignore lint/suspicious/noArrayIndexKey: the name is being edited, the place is the identity
              key={index}
              icon={<KindIcon kind={zone.kind} />}
              name={zone.name}
              kind={t(`motion.kind.${zone.kind}`)}
              nameAtMost={NAME_AT_MOST}
              isChosen={index === chosen && mayChange}
              nameError={bad.has(zone.name) ? t("privacy.needsName") : undefined}
              onChoose={() => setChosen(index)}
              onRename={(name) => change(index, { ...zone, name })}
              onRemove={() => remove(index)}
            >
              <SelectField
                label={t("motion.effect")}
                value={zone.kind}
                onChange={(kind) => change(index, { ...zone, kind: kind as Kind })}
                options={KINDS.map((id) => ({ id, label: t(`motion.kind.${id}`) }))}
              />
            </ShapeCard>
          ))}
        </ul>
        {save.error ? <ProblemNote error={save.error} what={t("motion.saveFailed")} /> : null}
        <SaveLine
          isHidden={!mayChange}
          isChanged={isChanged}
          isReady={bad.size === 0 && drawing === null}
          save={save}
          onSave={() => save.mutate(motion, { onSuccess: setMotion })}
        />
      </div>
    </div>
  );
}

function KindIcon({ kind }: { kind: Kind }) {
  const Icon = ICONS[kind];
  return <Icon size={15} aria-hidden />;
}
