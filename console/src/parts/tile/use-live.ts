// A live player for a video element, for as long as the element is on the screen.

import { type RefObject, useEffect, useRef, useState } from "react";
import { LivePlayer, type LiveState, type LiveStats, type StreamChoice } from "../../media";

export interface Live {
  state: LiveState;
  stats: LiveStats | null;
  player: RefObject<LivePlayer | null>;
}

const CONNECTING: LiveState = { state: "connecting", code: "", reason: "", hint: "", sinceMs: 0 };

export function useLive(
  video: RefObject<HTMLVideoElement | null>,
  camera: string,
  stream: StreamChoice,
  hasSound: boolean,
): Live {
  const [state, setState] = useState<LiveState>(CONNECTING);
  const [stats, setStats] = useState<LiveStats | null>(null);
  const player = useRef<LivePlayer | null>(null);
  const wanted = useRef({ stream, hasSound });
  wanted.current = { stream, hasSound };

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const { stream: first, hasSound: audio } = wanted.current;
    const made = new LivePlayer(element, { camera, stream: first, audio, onState: setState, onStats: setStats });
    player.current = made;
    setState(CONNECTING);
    setStats(null);
    made.start();
    return () => {
      made.stop();
      player.current = null;
    };
  }, [video, camera]);

  useEffect(() => {
    player.current?.setStream(stream);
  }, [stream]);

  useEffect(() => {
    player.current?.setAudio(hasSound);
    if (video.current) video.current.muted = !hasSound;
  }, [video, hasSound]);

  return { state, stats, player };
}
