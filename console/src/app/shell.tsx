// The frame around every place: rail (bottom bar on a phone), banner when the server is away, keys that work everywhere.

import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import {
  Bell,
  CircleUser,
  ClipboardList,
  FileVideo,
  FlaskConical,
  History,
  Keyboard,
  KeyRound,
  Languages,
  LogOut,
  MonitorPlay,
  Moon,
  Search,
  Settings,
  Sun,
  WifiOff,
} from "lucide-react";
import { type ComponentType, useState, useSyncExternalStore } from "react";
import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useClient, useMay, useServices, useSession } from "../api/context";
import { unwrap } from "../api/http";
import { useEvents } from "../api/queries";
import type { Permission } from "../api/types";
import { switchLanguage } from "../i18n";
import { classes } from "../parts/button";
import { Mark } from "../parts/mark";
import { PasswordDialog } from "../places/login/password-dialog";
import { EventFeed } from "./feed";
import { useKeys } from "./keys";
import { KeysHelp } from "./keys-help";
import styles from "./shell.module.css";
import { useTheme } from "./theme";

interface PlaceEntry {
  to: "/watch" | "/review" | "/alarms" | "/search" | "/files" | "/lists" | "/lab" | "/settings";
  words: `places.${"watch" | "review" | "alarms" | "search" | "files" | "lists" | "lab" | "settings"}`;
  /** Pressed after G. */
  hotkey: string;
  icon: ComponentType<{ size?: number; strokeWidth?: number; "aria-hidden"?: boolean }>;
  needs: Permission[];
}

export const PLACES: readonly PlaceEntry[] = [
  { to: "/watch", words: "places.watch", hotkey: "w", icon: MonitorPlay, needs: ["camera.view"] },
  { to: "/review", words: "places.review", hotkey: "r", icon: History, needs: ["recording.play"] },
  { to: "/alarms", words: "places.alarms", hotkey: "a", icon: Bell, needs: ["event.view"] },
  { to: "/search", words: "places.search", hotkey: "s", icon: Search, needs: ["object.search"] },
  { to: "/files", words: "places.files", hotkey: "f", icon: FileVideo, needs: ["file.analyze"] },
  { to: "/lists", words: "places.lists", hotkey: "l", icon: ClipboardList, needs: ["watchlist.view"] },
  { to: "/lab", words: "places.lab", hotkey: "b", icon: FlaskConical, needs: ["file.analyze"] },
  {
    to: "/settings",
    words: "places.settings",
    hotkey: "t",
    icon: Settings,
    needs: ["camera.configure", "users.manage", "audit.view", "system.view"],
  },
];

/** The places a session may enter; the others are absent. */
export function placesFor(permissions: readonly Permission[]): PlaceEntry[] {
  return PLACES.filter((place) => place.needs.some((permission) => permissions.includes(permission)));
}

function AwayBanner() {
  const { t } = useTranslation();
  const { link } = useServices();
  const state = useSyncExternalStore(link.subscribe, link.snapshot);
  if (state === "up") return null;
  return (
    <div className={styles["banner"]} role="status">
      <WifiOff size={15} aria-hidden />
      {t("app.away")}
    </div>
  );
}

function NewEvents() {
  const { t } = useTranslation();
  const { data } = useEvents({ state: "new" });
  const total = data?.pages[0]?.total ?? 0;
  if (total === 0) return null;
  return (
    <span className={styles["count"]}>
      <span aria-hidden>{total > 99 ? "99+" : total}</span>
      <span className="visually-hidden">{t("alarms.newCount", { count: total })}</span>
    </span>
  );
}

function AccountMenu({ onKeys, onPassword }: { onKeys: () => void; onPassword: () => void }) {
  const { t, i18n } = useTranslation();
  const session = useSession();
  const client = useClient();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [theme, setTheme] = useTheme();
  const signOut = async () => {
    await unwrap(client.DELETE("/api/v1/session")).catch(() => undefined);
    queries.clear();
    await navigate({ to: "/login" });
  };
  const other = i18n.language === "vi" ? "en" : "vi";
  return (
    <MenuTrigger>
      <Button className={styles["link"] ?? ""} aria-label={t("app.account")}>
        <CircleUser size={20} strokeWidth={1.75} aria-hidden />
        <span className="truncate">{session.user.name}</span>
      </Button>
      <Popover placement="right bottom" offset={8}>
        <Menu className={styles["menu"] ?? ""}>
          <MenuSection>
            <Header className={styles["who"] ?? ""}>
              <strong>{session.user.name}</strong>
              <div className="muted">{t(`roles.${session.user.role}`)}</div>
            </Header>
            <MenuItem className={styles["item"] ?? ""} onAction={() => setTheme(theme === "dark" ? "light" : "dark")}>
              {theme === "dark" ? <Sun size={16} aria-hidden /> : <Moon size={16} aria-hidden />}
              {theme === "dark" ? t("app.light") : t("app.dark")}
            </MenuItem>
            <MenuItem className={styles["item"] ?? ""} onAction={() => void switchLanguage(other)}>
              <Languages size={16} aria-hidden />
              <span lang={other}>{other === "vi" ? "Tiếng Việt" : "English"}</span>
            </MenuItem>
            <MenuItem className={styles["item"] ?? ""} onAction={onKeys}>
              <Keyboard size={16} aria-hidden />
              {t("keys.title")}
            </MenuItem>
            <MenuItem className={styles["item"] ?? ""} onAction={onPassword}>
              <KeyRound size={16} aria-hidden />
              {t("password.change")}
            </MenuItem>
            <MenuItem className={styles["item"] ?? ""} onAction={() => void signOut()}>
              <LogOut size={16} aria-hidden />
              {t("app.signOut")}
            </MenuItem>
          </MenuSection>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function Rail({ onKeys, onPassword }: { onKeys: () => void; onPassword: () => void }) {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <nav className={styles["rail"]} aria-label={t("app.places")}>
      <div className={styles["mark"]}>
        <Mark size={28} />
      </div>
      <ul className={styles["places"]}>
        {placesFor(session.permissions).map(({ to, words, icon: Icon }) => (
          <li key={to}>
            <Link to={to} className={classes(styles["link"])} activeOptions={{ includeSearch: false }}>
              <Icon size={20} strokeWidth={1.75} aria-hidden />
              <span className={styles["word"]}>{t(words)}</span>
              {to === "/alarms" ? <NewEvents /> : null}
            </Link>
          </li>
        ))}
      </ul>
      <div className={styles["spacer"]} />
      <AccountMenu onKeys={onKeys} onPassword={onPassword} />
    </nav>
  );
}

function Frame() {
  const { t } = useTranslation();
  const [showsKeys, setShowsKeys] = useState(false);
  const [changesPassword, setChangesPassword] = useState(false);
  const navigate = useNavigate();
  const { permissions } = useSession();
  const goes = Object.fromEntries(
    placesFor(permissions).map(({ to, hotkey }) => [`g ${hotkey}`, () => void navigate({ to })]),
  );
  useKeys({ "?": () => setShowsKeys(true), ...goes });
  return (
    <div className={styles["shell"]}>
      <a href="#place" className={styles["skip"]}>
        {t("app.skip")}
      </a>
      <AwayBanner />
      <Rail onKeys={() => setShowsKeys(true)} onPassword={() => setChangesPassword(true)} />
      <main id="place" className={styles["place"]} tabIndex={-1}>
        <Outlet />
      </main>
      {showsKeys ? <KeysHelp onClose={() => setShowsKeys(false)} /> : null}
      {changesPassword ? <PasswordDialog onClose={() => setChangesPassword(false)} /> : null}
    </div>
  );
}

export function Shell() {
  const may = useMay();
  return may("event.view") ? (
    <EventFeed>
      <Frame />
    </EventFeed>
  ) : (
    <Frame />
  );
}
