// Where files are dropped or chosen. While it is busy what is dropped is not taken.

import { type ReactNode, useRef, useState } from "react";
import { Button } from "./button";
import styles from "./drop-box.module.css";

interface DropBoxProps {
  icon: ReactNode;
  /** What may be dropped. */
  words: string;
  /** On the button. */
  choose: string;
  look?: "primary";
  accept?: string;
  onFiles: (files: readonly File[]) => Promise<void>;
  /** Stands in the place of words and button. */
  busy?: ReactNode;
  children?: ReactNode;
}

export function DropBox({ icon, words, choose, look, accept, onFiles, busy, children }: DropBoxProps) {
  const [isOver, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is for the mouse; the button does the same
    <div
      className={styles["drop"]}
      data-over={isOver}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (!busy) void onFiles([...event.dataTransfer.files]);
      }}
    >
      <input
        ref={input}
        type="file"
        multiple
        hidden
        {...(accept ? { accept } : {})}
        aria-label={choose}
        onChange={(event) => {
          void onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      {busy || (
        <>
          {icon}
          <p>{words}</p>
          <Button {...(look ? { look } : {})} onPress={() => input.current?.click()}>
            {choose}
          </Button>
        </>
      )}
      {children}
    </div>
  );
}
