// The words that are looked for in a list. Asks when typing has paused: each letter would be a question, and where the words
// stand in the address a step of Back.

import { useEffect, useState } from "react";
import { TextField } from "../../parts/field";
import styles from "./lists.module.css";

const TYPING_MS = 300;

interface SearchFieldProps {
  label: string;
  value: string;
  onChange: (words: string) => void;
  maxLength: number;
}

export function SearchField({ label, value, onChange, maxLength }: SearchFieldProps) {
  const [words, setWords] = useState(value);
  useEffect(() => {
    if (words === value) return;
    const timer = setTimeout(() => onChange(words), TYPING_MS);
    return () => clearTimeout(timer);
  }, [words, value, onChange]);
  return (
    <TextField
      label={label}
      hidesLabel
      type="search"
      placeholder={label}
      value={words}
      onChange={setWords}
      maxLength={maxLength}
      className={styles["search"]}
    />
  );
}
