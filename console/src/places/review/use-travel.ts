// Where in time Review is, and what of it the timeline shows: seeking, both directions, and a view that follows.

import { useCallback, useEffect, useRef, useState } from "react";
import type { SyncClock } from "../../media";
import { type ClockFace, useClock, useEachFrame } from "../../parts/clip/use-playback";
import { follow, lengthMs, type Span, zoomAbout } from "../../parts/timeline/view";
import { type ReviewSearch, readReview, shuttle, spanAround } from "./state";

const REVERSE_TICK_MS = 400;
const EDGE_MS = 3000;

export interface Travel {
  clock: SyncClock | null;
  face: ClockFace;
  span: Span;
  setSpan: (span: Span) => void;
  /** How many times as fast as time it goes backwards; 0: it does not. */
  reverse: number;
  endReverse: () => void;
  seek: (ms: number) => void;
  pause: () => void;
  toggle: () => void;
  jump: (ms: number) => void;
  /** J and L. */
  shuttleBy: (direction: 1 | -1) => void;
  setSpeed: (speed: number) => void;
  newest: () => void;
  zoom: (factor: number) => void;
  setLength: (ms: number) => void;
}

/** `onSeek` is told of every jump; it has to stay the same function. */
export function useTravel(search: ReviewSearch, onSeek: () => void): Travel {
  const { clock, face } = useClock();
  const [state] = useState(() => readReview(search, Date.now()));
  const [span, setSpan] = useState<Span>(state.span);
  const [reverse, setReverse] = useState(0);

  const seek = useCallback(
    (ms: number) => {
      if (!clock) return;
      const wanted = Math.min(ms, Date.now() - EDGE_MS);
      setReverse(0);
      onSeek();
      clock.seek(wanted);
      setSpan((before) => follow(before, wanted));
    },
    [clock, onSeek],
  );

  // Once, when the clock is there: to the moment of the address, playing.
  useEffect(() => {
    if (!clock) return;
    clock.seek(state.atMs);
    clock.setSpeed(state.speed);
    clock.play();
  }, [clock, state]);

  // Back and forward of the browser, or a link opened while here.
  const shownAt = useRef(search.at);
  useEffect(() => {
    if (search.at === shownAt.current || !search.at || !clock) return;
    shownAt.current = search.at;
    const ms = Date.parse(search.at);
    if (Number.isFinite(ms) && Math.abs(ms - clock.nowMs) > 5000) seek(ms);
  }, [search.at, clock, seek]);

  useEffect(() => {
    if (reverse === 0 || !clock) return;
    clock.pause();
    const timer = setInterval(() => clock.seek(clock.nowMs - reverse * REVERSE_TICK_MS), REVERSE_TICK_MS);
    return () => clearInterval(timer);
  }, [reverse, clock]);

  // The view follows a film that plays out of it, never a user who moved the view away.
  const lastFrame = useRef({ span, nowMs: 0 });
  useEachFrame(clock, (nowMs) => {
    const last = lastFrame.current;
    lastFrame.current = { span, nowMs };
    const playedOut = last.span === span && last.nowMs <= span.toMs && nowMs > span.toMs;
    if (clock?.isPlaying && playedOut) setSpan((before) => follow(before, nowMs));
  });

  return {
    clock,
    face,
    span,
    setSpan,
    reverse,
    endReverse: () => setReverse(0),
    seek,
    pause: () => {
      setReverse(0);
      clock?.pause();
    },
    toggle: () => {
      if (reverse !== 0) setReverse(0);
      else if (clock?.isPlaying) clock.pause();
      else clock?.play();
    },
    jump: (ms) => clock && seek(clock.nowMs + ms),
    shuttleBy: (direction) => {
      if (!clock) return;
      const rate = reverse !== 0 ? -reverse : clock.isPlaying ? clock.speed : 0;
      const next = shuttle(rate, direction);
      setReverse(next < 0 ? -next : 0);
      if (next > 0) {
        clock.setSpeed(next);
        clock.play();
      }
    },
    setSpeed: (speed) => clock?.setSpeed(speed),
    newest: () => {
      seek(Date.now() - EDGE_MS);
      setSpan((before) => spanAround(Date.now(), lengthMs(before), Date.now()));
      clock?.play();
    },
    zoom: (factor) => setSpan((before) => zoomAbout(before, clock?.nowMs ?? (before.fromMs + before.toMs) / 2, factor)),
    setLength: (ms) => clock && setSpan(spanAround(clock.nowMs, ms, Date.now())),
  };
}
