// What is hidden in a camera's picture, drawn on the live picture. Nothing is stored until Save.

import { getRouteApi } from "@tanstack/react-router";
import { Check, EyeOff, PenLine } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/context";
import { usePrivacy, useSavePrivacy } from "../../../api/queries";
import type { Camera, Point, PrivacyZone } from "../../../api/types";
import { Button } from "../../../parts/button";
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

const route = getRouteApi("/app/settings/cameras/$cameraId/privacy");

export function PrivacyPage() {
  const { t } = useTranslation();
  const { cameraId } = route.useParams();
  return (
    <EditorPage
      cameraId={cameraId}
      title={t("privacy.title")}
      lead={t("privacy.lead")}
      failed={t("privacy.failed")}
      query={usePrivacy(cameraId)}
    >
      {(camera, stored) => <Editor key={cameraId} camera={camera} stored={stored} />}
    </EditorPage>
  );
}

function Editor({ camera, stored }: { camera: Camera; stored: PrivacyZone[] }) {
  const { t } = useTranslation();
  const mayChange = useMay()("privacy.configure");
  const save = useSavePrivacy(camera.id);
  const [zones, setZones] = useState<PrivacyZone[]>(stored);
  const [chosen, setChosen] = useState<number | null>(stored.length > 0 ? 0 : null);
  const [drawing, setDrawing] = useState<Point[] | null>(null);
  const isChanged = !isSame(zones, stored);
  const bad = badZoneNames(zones);

  useEffect(() => {
    if (!isChanged) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isChanged]);

  const change = (index: number, zone: PrivacyZone) => setZones(zones.map((old, at) => (at === index ? zone : old)));
  const finish = (points: Point[]) => {
    const name = freeName(zones.map(toShape), t("privacy.zoneWord"));
    setZones([...zones, { id: "", name, polygon: points.map(clampPoint) }]);
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
        <div className={styles["tools"]} role="toolbar" aria-label={t("privacy.title")}>
          <Button
            onPress={() => setDrawing([])}
            isDisabled={!mayChange || drawing !== null || zones.length >= ZONES_AT_MOST}
          >
            <EyeOff size={15} aria-hidden />
            {t("privacy.add")}
          </Button>
          {drawing ? (
            <>
              <Button look="primary" isDisabled={drawing.length < 3} onPress={() => finish(drawing)}>
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
          drawing={drawing ? { shape: "zone", points: drawing } : null}
          cornersAtMost={CORNERS_AT_MOST}
          hides
          onChoose={setChosen}
          onChange={(index, shape) => {
            const zone = zones[index];
            if (zone && mayChange) change(index, fromShape(zone, shape));
          }}
          onDraw={setDrawing}
          onFinish={(_, points) => finish(points)}
          onDiscard={() => setDrawing(null)}
        />
        <p className={styles["help"]}>
          <PenLine size={14} aria-hidden />
          {drawing ? t("privacy.draw") : t("rules.edit")}
        </p>
      </div>
      <div className={styles["right"]}>
        {zones.length === 0 ? (
          <Empty title={t("privacy.none")}>
            <p>{t("privacy.noneLead")}</p>
          </Empty>
        ) : null}
        <ul className={styles["list"]}>
          {zones.map((zone, index) => (
            <ShapeCard
              // biome-ignore lint/suspicious/noArrayIndexKey: the name is being edited, the place is the identity
              key={index}
              icon={<EyeOff size={15} aria-hidden />}
              name={zone.name}
              kind={t("privacy.corners", { count: zone.polygon.length })}
              nameAtMost={NAME_AT_MOST}
              isChosen={index === chosen && mayChange}
              nameError={bad.has(zone.name) ? t("privacy.needsName") : undefined}
              onChoose={() => setChosen(index)}
              onRename={(name) => change(index, { ...zone, name })}
              onRemove={() => remove(index)}
            />
          ))}
        </ul>
        {save.error ? <ProblemNote error={save.error} what={t("privacy.saveFailed")} /> : null}
        <SaveLine
          isHidden={!mayChange || (zones.length === 0 && !isChanged)}
          isChanged={isChanged}
          isReady={bad.size === 0 && drawing === null}
          save={save}
          onSave={() => save.mutate(zones, { onSuccess: (saved) => setZones(saved.zones) })}
        />
      </div>
    </div>
  );
}
