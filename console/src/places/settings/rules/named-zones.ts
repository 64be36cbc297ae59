// Named zones (privacy, motion) as the drawing's shapes and back. Pure. The server judges outlines; here only names and counts.

import type { Point, Rule } from "../../../api/types";
import { badNames, makeRule } from "./geometry";

export const ZONES_AT_MOST = 16;
export const CORNERS_AT_MOST = 16;
export const NAME_AT_MOST = 40;

interface NamedZone {
  name: string;
  polygon: number[][];
}

/** The drawing knows rules; a zone is shown as one whose name is its id. */
export const toShape = (zone: NamedZone): Rule => makeRule("zone", zone.polygon as Point[], zone.name);

export const fromShape = <Zone extends NamedZone>(zone: Zone, shape: Rule): Zone => ({
  ...zone,
  polygon: shape.zone ?? [],
});

export const isSame = <T>(a: T, b: T): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Names that are empty, too long, or used twice whatever their capitals: as the server counts. */
export function badZoneNames(zones: readonly NamedZone[]): Set<string> {
  const folded = badNames(zones.map((zone) => ({ ...toShape(zone), id: zone.name.toLocaleLowerCase() })));
  return new Set(
    zones
      .filter((zone) => folded.has(zone.name.toLocaleLowerCase()) || zone.name.trim().length > NAME_AT_MOST)
      .map((zone) => zone.name),
  );
}
