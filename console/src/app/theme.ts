// Dark unless the user chose light: control rooms are dark.

import { useState } from "react";

export type Theme = "dark" | "light";
const STORED = "vedette.theme";

export function startTheme(): void {
  document.documentElement.dataset["theme"] = localStorage.getItem(STORED) === "light" ? "light" : "dark";
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(() =>
    document.documentElement.dataset["theme"] === "light" ? "light" : "dark",
  );
  const change = (next: Theme) => {
    document.documentElement.dataset["theme"] = next;
    localStorage.setItem(STORED, next);
    setTheme(next);
  };
  return [theme, change];
}
