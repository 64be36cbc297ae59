// What is drawn of how good a set is. Pure.

import type { SetFigures } from "../../api/types";

export interface Mixup {
  truth: string;
  said: string;
  pictures: number;
}

/** What was mixed up most often. */
export function findMixups(figures: Pick<SetFigures, "confusion" | "categories">, most = 3): Mixup[] {
  const name = (index: number) => figures.categories[index]?.name ?? "";
  return figures.confusion
    .flatMap((row, truth) =>
      row.map((pictures, said) => ({ truth: name(truth), said: name(said), pictures, isRight: truth === said })),
    )
    .filter(({ isRight, pictures }) => !isRight && pictures > 0)
    .sort((a, b) => b.pictures - a.pictures)
    .slice(0, most)
    .map(({ truth, said, pictures }) => ({ truth, said, pictures }));
}

/** Share of its row, 0 to 1: how dark a cell is. */
export function shareOfRow(row: readonly number[], column: number): number {
  const total = row.reduce((sum, count) => sum + count, 0);
  return total === 0 ? 0 : (row[column] ?? 0) / total;
}

export interface Dot {
  x: number;
  y: number;
  radius: number;
  pictures: number;
  said: number;
  right: number;
}

/** Bins of the reliability diagram as dots on a square of `side`; their area is the number of pictures. */
export function placeDots(bins: SetFigures["reliability"], side: number): Dot[] {
  const filled = bins.filter(({ pictures }) => pictures > 0);
  const most = Math.max(1, ...filled.map(({ pictures }) => pictures));
  return filled.map(({ pictures, said, right }) => ({
    x: said * side,
    y: (1 - right) * side,
    radius: 3 + 9 * Math.sqrt(pictures / most),
    pictures,
    said,
    right,
  }));
}
