// Motion zones as the drawing's shapes and back. Pure. The server judges outlines; here only names and counts.

import type { Motion, MotionZone, Point, Rule } from "../../../api/types";
import { badNames, makeRule } from "../rules/geometry";

export const ZONES_AT_MOST = 16;
export const CORNERS_AT_MOST = 16;
export const NAME_AT_MOST = 40;
export const SENSITIVITIES = ["low", "normal", "high"] as const;

/** The drawing knows rules; a zone is shown as one whose name is its id. */
export const toShape = (zone: MotionZone): Rule => makeRule("zone", zone.polygon as Point[], zone.name);

export const fromShape = (zone: MotionZone, shape: Rule): MotionZone => ({ ...zone, polygon: shape.zone ?? [] });

/** Names that are empty, too long, or used twice whatever their capitals: as the server counts. */
export function badZoneNames(zones: readonly MotionZone[]): Set<string> {
  const folded = badNames(zones.map((zone) => ({ ...toShape(zone), id: zone.name.toLocaleLowerCase() })));
  return new Set(
    zones
      .filter((zone) => folded.has(zone.name.toLocaleLowerCase()) || zone.name.trim().length > NAME_AT_MOST)
      .map((zone) => zone.name),
  );
}

export const isSame = (a: Motion, b: Motion): boolean => JSON.stringify(a) === JSON.stringify(b);
