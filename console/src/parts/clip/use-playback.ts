// One clock for a page, and players that follow it for as long as their video elements are on the screen.

import { type RefObject, useEffect, useRef, useState } from "react";
import { PlaybackPlayer, type PlaybackState, type StreamChoice, SyncClock } from "../../media";

export interface ClockFace {
  isPlaying: boolean;
  isWaiting: boolean;
  speed: number;
}

const STILL: ClockFace = { isPlaying: false, isWaiting: false, speed: 1 };

/** The clock, and what of it is worth rendering. `nowMs` is read from the clock itself, in an animation frame. */
export function useClock(): { clock: SyncClock | null; face: ClockFace } {
  const [clock, setClock] = useState<SyncClock | null>(null);
  const [face, setFace] = useState<ClockFace>(STILL);
  useEffect(() => {
    const made = new SyncClock({
      onChange: ({ isPlaying, isWaiting, speed }) => setFace({ isPlaying, isWaiting, speed }),
    });
    setClock(made);
    return () => made.stop();
  }, []);
  return { clock, face };
}

const IDLE: PlaybackState = { state: "idle", code: "", reason: "", hint: "", gap: null };

export interface Played {
  state: PlaybackState;
  player: RefObject<PlaybackPlayer | null>;
}

export function usePlayback(
  video: RefObject<HTMLVideoElement | null>,
  camera: string,
  stream: StreamChoice,
  clock: SyncClock | null,
): Played {
  const [state, setState] = useState<PlaybackState>(IDLE);
  const player = useRef<PlaybackPlayer | null>(null);
  useEffect(() => {
    const element = video.current;
    if (!element || !clock) return;
    const made = new PlaybackPlayer(element, { camera, stream, clock, onState: setState });
    player.current = made;
    setState(IDLE);
    made.start();
    return () => {
      made.stop();
      player.current = null;
    };
  }, [video, camera, stream, clock]);
  return { state, player };
}

/** Calls back in every animation frame with the clock's time, without rendering. */
export function useEachFrame(clock: SyncClock | null, draw: (nowMs: number) => void): void {
  const latest = useRef(draw);
  latest.current = draw;
  useEffect(() => {
    if (!clock) return;
    let request = 0;
    const frame = () => {
      latest.current(clock.nowMs);
      request = requestAnimationFrame(frame);
    };
    request = requestAnimationFrame(frame);
    return () => cancelAnimationFrame(request);
  }, [clock]);
}
