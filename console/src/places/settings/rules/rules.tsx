// Zones and lines of a camera, drawn on its live picture. Nothing is stored until Save; leaving asks nothing but says it.

import { getRouteApi } from "@tanstack/react-router";
import { Check, PenLine, Shapes, Spline } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useRules, useSaveRules } from "../../../api/queries";
import type { Camera, Point, Rule } from "../../../api/types";
import { Button } from "../../../parts/button";
import { SelectField } from "../../../parts/field";
import { Empty } from "../../../parts/misc";
import { ProblemNote } from "../../../parts/problem-note";
import { useWords } from "../../../parts/words";
import { Canvas } from "./canvas";
import { EditorPage } from "./editor-page";
import { badNames, freeName, makeRule, type Shape } from "./geometry";
import styles from "./rules.module.css";
import { SaveLine, ShapeCard } from "./shape-card";

const route = getRouteApi("/app/settings/cameras/$cameraId/rules");

export function RulesPage() {
  const { t } = useTranslation();
  const { cameraId } = route.useParams();
  return (
    <EditorPage
      cameraId={cameraId}
      title={t("rules.title")}
      lead={t("rules.lead")}
      failed={t("rules.failed")}
      query={useRules(cameraId)}
    >
      {(camera, stored) => <Editor key={cameraId} camera={camera} stored={stored} />}
    </EditorPage>
  );
}

const same = (a: readonly Rule[], b: readonly Rule[]): boolean => JSON.stringify(a) === JSON.stringify(b);

function Editor({ camera, stored }: { camera: Camera; stored: Rule[] }) {
  const { t } = useTranslation();
  const save = useSaveRules(camera.id);
  const [rules, setRules] = useState<Rule[]>(stored);
  const [chosen, setChosen] = useState<number | null>(stored.length > 0 ? 0 : null);
  const [drawing, setDrawing] = useState<{ shape: Shape; points: Point[] } | null>(null);
  const isChanged = !same(rules, stored);
  const bad = badNames(rules);

  useEffect(() => {
    if (!isChanged) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isChanged]);

  const change = (index: number, rule: Rule) => setRules(rules.map((old, at) => (at === index ? rule : old)));
  const finish = (shape: Shape, points: Point[]) => {
    const word = shape === "zone" ? t("rules.zoneWord") : t("rules.lineWord");
    setRules([...rules, makeRule(shape, points, freeName(rules, word))]);
    setChosen(rules.length);
    setDrawing(null);
  };
  const remove = (index: number) => {
    setRules(rules.filter((_, at) => at !== index));
    setChosen(null);
  };
  return (
    <div className={styles["editor"]}>
      <div className={styles["left"]}>
        <div className={styles["tools"]} role="toolbar" aria-label={t("rules.title")}>
          <Button onPress={() => setDrawing({ shape: "zone", points: [] })} isDisabled={drawing !== null}>
            <Shapes size={15} aria-hidden />
            {t("rules.addZone")}
          </Button>
          <Button onPress={() => setDrawing({ shape: "line", points: [] })} isDisabled={drawing !== null}>
            <Spline size={15} aria-hidden />
            {t("rules.addLine")}
          </Button>
          {drawing ? (
            <>
              {drawing.shape === "zone" ? (
                <Button
                  look="primary"
                  isDisabled={drawing.points.length < 3}
                  onPress={() => finish("zone", drawing.points)}
                >
                  <Check size={15} aria-hidden />
                  {t("rules.finish")}
                </Button>
              ) : null}
              <Button look="quiet" onPress={() => setDrawing(null)}>
                {t("rules.discard")}
              </Button>
            </>
          ) : null}
        </div>
        <Canvas
          camera={camera}
          rules={rules}
          chosen={chosen}
          drawing={drawing}
          onChoose={setChosen}
          onChange={change}
          onDraw={(points) => setDrawing(drawing ? { ...drawing, points } : null)}
          onFinish={finish}
          onDiscard={() => setDrawing(null)}
        />
        <p className={styles["help"]}>
          <PenLine size={14} aria-hidden />
          {drawing ? (drawing.shape === "zone" ? t("rules.drawZone") : t("rules.drawLine")) : t("rules.edit")}
        </p>
      </div>
      <div className={styles["right"]}>
        {rules.length === 0 ? (
          <Empty title={t("rules.none")}>
            <p>{t("rules.noneLead")}</p>
          </Empty>
        ) : null}
        <ul className={styles["list"]}>
          {rules.map((rule, index) => (
            <RuleCard
              // biome-ignore lint/suspicious/noArrayIndexKey: the name is being edited, the place is the identity
              key={index}
              rule={rule}
              isChosen={index === chosen}
              isBad={bad.has(rule.id)}
              onChoose={() => setChosen(index)}
              onChange={(next) => change(index, next)}
              onRemove={() => remove(index)}
            />
          ))}
        </ul>
        {save.error ? <ProblemNote error={save.error} what={t("rules.saveFailed")} /> : null}
        <SaveLine
          isHidden={rules.length === 0 && !isChanged}
          isChanged={isChanged}
          isReady={bad.size === 0 && drawing === null}
          save={save}
          onSave={() => save.mutate(rules)}
        />
      </div>
    </div>
  );
}

const ZONE_KINDS = ["zone_entered", "zone_left"];
const CLASSES = ["person", "vehicle", "two_wheeler"];
const DIRECTIONS = { both: 0, forward: 1, backward: -1 } as const;

interface CardProps {
  rule: Rule;
  isChosen: boolean;
  isBad: boolean;
  onChoose: () => void;
  onChange: (rule: Rule) => void;
  onRemove: () => void;
}

function RuleCard({ rule, isChosen, isBad, onChoose, onChange, onRemove }: CardProps) {
  const { t } = useTranslation();
  const words = useWords();
  const kinds = rule.line ? ["line_crossed"] : [...new Set([...ZONE_KINDS, rule.kind])];
  const toggleClass = (name: string) => {
    const classes = rule.classes.includes(name) ? rule.classes.filter((one) => one !== name) : [...rule.classes, name];
    onChange({ ...rule, classes });
  };
  const direction = rule.parameters["direction"] ?? 0;
  return (
    <ShapeCard
      icon={rule.line ? <Spline size={15} aria-hidden /> : <Shapes size={15} aria-hidden />}
      name={rule.id}
      kind={words.kind(rule.kind)}
      nameAtMost={64}
      isChosen={isChosen}
      nameError={isBad ? t("rules.needsName") : undefined}
      onChoose={onChoose}
      onRename={(id) => onChange({ ...rule, id })}
      onRemove={onRemove}
    >
      {rule.line ? (
        <SelectField
          label={t("rules.direction")}
          value={direction > 0 ? "forward" : direction < 0 ? "backward" : "both"}
          onChange={(id) =>
            onChange({
              ...rule,
              parameters: withParameter(rule.parameters, "direction", DIRECTIONS[id as keyof typeof DIRECTIONS]),
            })
          }
          options={(["both", "forward", "backward"] as const).map((id) => ({ id, label: t(`rules.directions.${id}`) }))}
        />
      ) : (
        <SelectField
          label={t("rules.kind")}
          value={rule.kind}
          onChange={(kind) => onChange({ ...rule, kind })}
          options={kinds.map((id) => ({ id, label: words.kind(id) }))}
        />
      )}
      <fieldset className={styles["classes"]}>
        <legend>{t("rules.classes")}</legend>
        <label>
          <input
            type="checkbox"
            checked={rule.classes.length === 0}
            onChange={() => onChange({ ...rule, classes: [] })}
          />
          {t("rules.allClasses")}
        </label>
        {[...new Set([...CLASSES, ...rule.classes])].map((name) => (
          <label key={name}>
            <input type="checkbox" checked={rule.classes.includes(name)} onChange={() => toggleClass(name)} />
            {words.objectClass(name)}
          </label>
        ))}
      </fieldset>
    </ShapeCard>
  );
}

/** Zero is the default of every parameter and is not written. */
function withParameter(parameters: Rule["parameters"], name: string, value: number): Rule["parameters"] {
  const { [name]: _, ...others } = parameters;
  return value === 0 ? others : { ...others, [name]: value };
}
