// Keys of a page. Typing into a field, or an open dialog, keeps them away; `g` starts a two-key sequence.

import { useLayoutEffect, useRef } from "react";

export type KeyMap = Record<string, (event: KeyboardEvent) => void>;

const SEQUENCE_MS = 1200;

/** The name of a key as the maps write it: `a`, `Space`, `ArrowLeft`, `?`. */
export function keyName(event: Pick<KeyboardEvent, "key">): string {
  return event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

/** A focused button or option takes these keys itself. */
function belongsToControl(event: KeyboardEvent, name: string): boolean {
  if (!["Space", "Enter", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(name)) return false;
  const target = event.target instanceof Element ? event.target : null;
  return Boolean(target?.closest("button, a[href], [role=option], [role=menuitem], [role=radio], [role=slider]"));
}

export function useKeys(keys: KeyMap): void {
  const latest = useRef(keys);
  latest.current = keys;
  // Before the page is painted: who sees it may press at once.
  useLayoutEffect(() => {
    let first = "";
    let firstAt = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("[role=dialog], [role=alertdialog], [role=menu]")) return;
      const name = keyName(event);
      const sequence = first && event.timeStamp - firstAt < SEQUENCE_MS ? `${first} ${name}` : name;
      first = name === "g" ? name : "";
      firstAt = event.timeStamp;
      const action = latest.current[sequence];
      if (!action || belongsToControl(event, name)) return;
      event.preventDefault();
      action(event);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
