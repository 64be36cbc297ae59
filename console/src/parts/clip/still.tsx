// The recorded picture at the clock's time, one every two seconds: for a browser that cannot play the footage itself.

import { useEffect, useState } from "react";
import { urlOf } from "../../api/http";
import type { SyncClock } from "../../media";
import styles from "./clip.module.css";

/** The server decodes a key frame for each of them. */
const EVERY_MS = 2000;

export function Still({ camera, clock }: { camera: string; clock: SyncClock }) {
  const [atMs, setAtMs] = useState(clock.nowMs);
  useEffect(() => {
    const timer = setInterval(() => setAtMs(Math.round(clock.nowMs)), EVERY_MS);
    return () => clearInterval(timer);
  }, [clock]);
  const url = urlOf(`/cameras/${camera}/thumbnail.jpg`, { at: new Date(atMs).toISOString(), width: 1280 });
  return <img className={styles["still"]} src={url} alt="" />;
}
