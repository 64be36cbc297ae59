// The enhanced picture over a video element: wanted or not (kept per camera), and what has become of it.

import { type RefObject, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../../api/context";
import { nameMoment, saveBlob } from "../../lib/save";
import { markJpeg } from "../../media/enhance/mark";
import { type EnhanceState, TileEnhancer } from "../../media/enhance/tile-enhancer";
import { readEnhanced, writeEnhanced } from "./enhanced-store";

const STORED = "vedette.enhanced";

interface Playing {
  readonly qp: number | null;
  readonly pictureMs: number | null;
  readonly wallMs: number | null;
  snapshot(): Promise<Blob>;
}

export interface Enhanced {
  canvas: RefObject<HTMLCanvasElement | null>;
  isWanted: boolean;
  setWanted: (isWanted: boolean) => void;
  /** Null while it is not wanted or there is no moving picture. */
  state: EnhanceState | null;
  /** Saves what is seen: enhanced, with that in the picture, in the file and in its name, or the recorded picture. */
  save: (name: string) => Promise<void>;
}

/** `hasPicture`: the video shows a picture that may be enhanced. */
export function useEnhanced(
  video: RefObject<HTMLVideoElement | null>,
  camera: string,
  player: { readonly current: Playing | null },
  hasPicture: boolean,
): Enhanced {
  const { t } = useTranslation();
  const { enlargers } = useServices();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isWanted, setWanted] = useState(() => readEnhanced(localStorage.getItem(STORED)).includes(camera));
  const [state, setState] = useState<EnhanceState | null>(null);
  const label = t("tile.enhanced.label");
  const isActive = isWanted && hasPicture;

  useEffect(() => {
    if (!isActive || !video.current || !canvas.current) return;
    const enhancer = new TileEnhancer(video.current, canvas.current, {
      pool: enlargers,
      label,
      qp: () => player.current?.qp ?? null,
      pictureMs: () => player.current?.pictureMs ?? null,
      now: () => performance.now(),
      onState: setState,
    });
    enhancer.start();
    return () => {
      enhancer.stop();
      setState(null);
    };
  }, [isActive, video, enlargers, label, player]);

  return {
    canvas,
    isWanted,
    setWanted: (wanted) => {
      localStorage.setItem(STORED, writeEnhanced(localStorage.getItem(STORED), camera, wanted));
      setWanted(wanted);
    },
    state,
    save: async (name) => {
      const shown = state?.word === "on" && canvas.current && !canvas.current.hidden ? canvas.current : null;
      const picture = await (shown ? toJpeg(shown) : player.current?.snapshot());
      const moment = nameMoment(player.current?.wallMs ?? Date.now());
      if (picture) saveBlob(picture, `${name} ${moment}${shown ? " enhanced" : ""}.jpg`);
    },
  };
}

async function toJpeg(canvas: HTMLCanvasElement): Promise<Blob | null> {
  const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
  return made && markJpeg(made);
}
