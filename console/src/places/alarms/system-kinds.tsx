// Events of the system itself: which there are, and a shape for each.

import {
  ClockAlert,
  Database,
  FileX,
  Gauge,
  HardDrive,
  HardDriveUpload,
  ImageOff,
  KeyRound,
  type LucideIcon,
  Replace,
  SearchX,
  ShieldAlert,
  ShieldX,
  Timer,
  Unplug,
} from "lucide-react";

const ICONS: Record<string, LucideIcon> = {
  recording_gap: FileX,
  volume_full: HardDrive,
  volume_failed: HardDriveUpload,
  storage_warned: Database,
  stream_changed: Replace,
  packet_loss: Gauge,
  clock_changed: ClockAlert,
  delay: Timer,
  signature_failed: ShieldX,
  protection_reduced: ShieldAlert,
  search_flood: SearchX,
  search_odd: SearchX,
  evidence_key_changed: KeyRound,
};

export const SYSTEM_KINDS: readonly string[] = Object.keys(ICONS);

export const isSystemKind = (kind: string): boolean => kind in ICONS;

export function KindIcon({ kind, size }: { kind: string; size: number }) {
  const Icon = kind === "signal_lost" ? Unplug : (ICONS[kind] ?? ImageOff);
  return <Icon size={size} strokeWidth={1.75} aria-hidden />;
}
