// The first page of a system without cameras: add one by its address, or see everything work with simulated ones.

import { useNavigate } from "@tanstack/react-router";
import { Clapperboard, Plug } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSimulate } from "../../api/queries";
import { Button } from "../../parts/button";
import { ProblemNote } from "../../parts/problem-note";
import { CameraDialog } from "../settings/cameras/camera-dialog";
import styles from "./first-run.module.css";

const SIMULATED = 4;

export function FirstRun() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const simulate = useSimulate();
  const [isAdding, setAdding] = useState(false);
  return (
    <div className={styles["page"]}>
      <div className={styles["words"]}>
        <h1>{t("first.title")}</h1>
        <p className="muted">{t("first.lead")}</p>
      </div>
      <div className={styles["cards"]}>
        <section className={styles["card"]}>
          <Plug size={26} strokeWidth={1.5} aria-hidden />
          <h2>{t("first.addTitle")}</h2>
          <p>{t("first.addLead")}</p>
          <Button look="primary" onPress={() => setAdding(true)}>
            {t("first.add")}
          </Button>
        </section>
        <section className={styles["card"]}>
          <Clapperboard size={26} strokeWidth={1.5} aria-hidden />
          <h2>{t("first.simulateTitle")}</h2>
          <p>{t("first.simulateLead", { count: SIMULATED })}</p>
          <Button
            onPress={() => simulate.mutate(SIMULATED, { onSuccess: () => void navigate({ to: "/watch" }) })}
            isDisabled={simulate.isPending}
          >
            {simulate.isPending ? t("first.simulating") : t("first.simulate")}
          </Button>
        </section>
      </div>
      {simulate.isPending ? (
        <p className="muted" role="status">
          {t("first.simulatingLead")}
        </p>
      ) : null}
      {simulate.error ? <ProblemNote error={simulate.error} what={t("first.simulateFailed")} /> : null}
      {isAdding ? <CameraDialog camera={null} onClose={() => setAdding(false)} /> : null}
    </div>
  );
}
