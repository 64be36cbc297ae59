// How is it set up? Sections by permission.

import { Link, Navigate, Outlet } from "@tanstack/react-router";
import { Activity, Cctv, ChartNoAxesGantt, Fingerprint, HardDrive, ScrollText, Users } from "lucide-react";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/context";
import type { Permission } from "../../api/types";
import styles from "./settings.module.css";

type Name = "cameras" | "storage" | "completeness" | "evidence" | "users" | "health" | "audit";

interface Section {
  to: `/settings/${Name}`;
  words: `settings.${Name}`;
  icon: ComponentType<{ size?: number; strokeWidth?: number; "aria-hidden"?: boolean }>;
  needs: Permission;
}

const SECTIONS: readonly Section[] = [
  { to: "/settings/cameras", words: "settings.cameras", icon: Cctv, needs: "camera.configure" },
  { to: "/settings/storage", words: "settings.storage", icon: HardDrive, needs: "system.view" },
  {
    to: "/settings/completeness",
    words: "settings.completeness",
    icon: ChartNoAxesGantt,
    needs: "recording.play",
  },
  { to: "/settings/evidence", words: "settings.evidence", icon: Fingerprint, needs: "system.view" },
  { to: "/settings/users", words: "settings.users", icon: Users, needs: "users.manage" },
  { to: "/settings/health", words: "settings.health", icon: Activity, needs: "system.view" },
  { to: "/settings/audit", words: "settings.audit", icon: ScrollText, needs: "audit.view" },
];

export function SettingsPlace() {
  const { t } = useTranslation();
  const { permissions } = useSession();
  return (
    <div className={styles["settings"]}>
      <nav className={styles["sections"]} aria-label={t("settings.sections")}>
        {SECTIONS.filter((section) => permissions.includes(section.needs)).map(({ to, words, icon: Icon }) => (
          <Link key={to} to={to} className={styles["section"]} activeOptions={{ includeSearch: false }}>
            <Icon size={16} strokeWidth={1.75} aria-hidden />
            {t(words)}
          </Link>
        ))}
      </nav>
      <div className={styles["page"]}>
        <Outlet />
      </div>
    </div>
  );
}

export function SettingsHome() {
  const { permissions } = useSession();
  const first = SECTIONS.find((section) => permissions.includes(section.needs));
  return first ? <Navigate to={first.to} replace /> : null;
}
