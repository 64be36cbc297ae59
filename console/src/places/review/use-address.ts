// Time, zoom and speed of Review in the address.

import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useRef } from "react";
import { isoRange } from "../../lib/range";
import type { SyncClock } from "../../media";
import type { Span } from "../../parts/timeline/view";

const route = getRouteApi("/app/review");
const ADDRESS_DELAY_MS = 400;

/** Keeps time, zoom and speed in the address, after they have come to rest. */
export function useAddress(clock: SyncClock | null, span: Span, speed: number): void {
  const navigate = useNavigate();
  const search = route.useSearch();
  const latest = useRef(search);
  latest.current = search;
  const write = useCallback(() => {
    if (!clock || clock.nowMs === 0) return;
    const next = {
      ...latest.current,
      at: new Date(clock.nowMs).toISOString(),
      ...isoRange(span),
      ...(speed === 1 ? { speed: undefined } : { speed: String(speed) }),
    };
    void navigate({ to: "/review", search: next, replace: true });
  }, [clock, navigate, span, speed]);
  useEffect(() => {
    const timer = setTimeout(write, ADDRESS_DELAY_MS);
    return () => clearTimeout(timer);
  }, [write]);
  useEffect(() => {
    const timer = setInterval(() => clock && !document.hidden && write(), 5000);
    return () => clearInterval(timer);
  }, [clock, write]);
}
