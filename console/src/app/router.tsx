// Addresses. Every view is in the address, so that Back works and a link opens the same thing for a colleague.

import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { type Services, sessionQuery } from "../api/context";
import { NotFound, PageFailed, PagePending } from "./failed";
import { placesFor, Shell } from "./shell";

type Raw = Record<string, unknown>;

const text = (raw: Raw, key: string): string | undefined => {
  const value = raw[key];
  return typeof value === "string" && value !== "" ? value : undefined;
};

/** Keeps the named keys of the address, as text, and drops every other. */
function keep<K extends string>(...keys: K[]): (raw: Raw) => { [P in K]?: string } {
  return (raw) => {
    const result: { [P in K]?: string } = {};
    for (const key of keys) {
      const value = text(raw, key);
      if (value !== undefined) result[key] = value;
    }
    return result;
  };
}

/** Plain `a=b&c=d`, commas left readable. */
export function writeSearch(search: Raw): string {
  const parts = Object.entries(search)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(
      ([key, value]) =>
        `${encodeURIComponent(key)}=${encodeURIComponent(String(value)).replaceAll("%2C", ",").replaceAll("%3A", ":")}`,
    );
  return parts.length ? `?${parts.join("&")}` : "";
}

export const readSearch = (search: string): Raw => Object.fromEntries(new URLSearchParams(search));

const root = createRootRouteWithContext<Services>()({
  component: Outlet,
  errorComponent: PageFailed,
  notFoundComponent: NotFound,
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: keep("next"),
  component: lazyRouteComponent(() => import("../places/login/login"), "LoginPlace"),
});

const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  beforeLoad: async ({ context, location }) => {
    const session = await context.queries.ensureQueryData(sessionQuery(context.http));
    if (session === null || session.must_change_password) {
      const here = location.href;
      throw redirect({ to: "/login", search: here === "/" ? {} : { next: here } });
    }
    return { session };
  },
  component: Shell,
  errorComponent: PageFailed,
  pendingComponent: PagePending,
});

const home = createRoute({
  getParentRoute: () => app,
  path: "/",
  beforeLoad: ({ context }) => {
    throw redirect({ to: placesFor(context.session.permissions)[0]?.to ?? "/watch" });
  },
});

const watch = createRoute({
  getParentRoute: () => app,
  path: "/watch",
  validateSearch: keep("grid", "cameras", "max", "tree", "boxes"),
  component: lazyRouteComponent(() => import("../places/watch/watch"), "WatchPlace"),
});

const review = createRoute({
  getParentRoute: () => app,
  path: "/review",
  validateSearch: keep("cameras", "at", "from", "to", "speed"),
  component: lazyRouteComponent(() => import("../places/review/review"), "ReviewPlace"),
});

const alarms = createRoute({
  getParentRoute: () => app,
  path: "/alarms",
  validateSearch: keep("camera", "kind", "state", "event"),
  component: lazyRouteComponent(() => import("../places/alarms/alarms"), "AlarmsPlace"),
});

const search = createRoute({
  getParentRoute: () => app,
  path: "/search",
  validateSearch: keep("q", "attributes", "source", "cameras", "from", "to", "like", "by", "why", "object", "trace"),
  component: lazyRouteComponent(() => import("../places/search/search"), "SearchPlace"),
});

const files = createRoute({
  getParentRoute: () => app,
  path: "/files",
  validateSearch: keep("job", "at"),
  component: lazyRouteComponent(() => import("../places/files/files"), "FilesPlace"),
});

const lists = createRoute({
  getParentRoute: () => app,
  path: "/lists",
  validateSearch: keep("list", "search"),
  component: lazyRouteComponent(() => import("../places/lists/lists"), "ListsPlace"),
});

const lab = createRoute({
  getParentRoute: () => app,
  path: "/lab",
  validateSearch: keep("view", "set", "teach"),
  component: lazyRouteComponent(() => import("../places/lab/lab"), "LabPlace"),
});

const settings = createRoute({
  getParentRoute: () => app,
  path: "/settings",
  component: lazyRouteComponent(() => import("../places/settings/settings"), "SettingsPlace"),
});

const settingsHome = createRoute({
  getParentRoute: () => settings,
  path: "/",
  component: lazyRouteComponent(() => import("../places/settings/settings"), "SettingsHome"),
});

const cameras = createRoute({
  getParentRoute: () => settings,
  path: "/cameras",
  validateSearch: keep("search", "edit"),
  component: lazyRouteComponent(() => import("../places/settings/cameras/cameras"), "CamerasPage"),
});

const rules = createRoute({
  getParentRoute: () => settings,
  path: "/cameras/$cameraId/rules",
  component: lazyRouteComponent(() => import("../places/settings/rules/rules"), "RulesPage"),
});

const privacy = createRoute({
  getParentRoute: () => settings,
  path: "/cameras/$cameraId/privacy",
  component: lazyRouteComponent(() => import("../places/settings/privacy/privacy"), "PrivacyPage"),
});

const motion = createRoute({
  getParentRoute: () => settings,
  path: "/cameras/$cameraId/motion",
  component: lazyRouteComponent(() => import("../places/settings/motion/motion"), "MotionPage"),
});

const recording = createRoute({
  getParentRoute: () => settings,
  path: "/recording",
  validateSearch: keep("cameras"),
  component: lazyRouteComponent(() => import("../places/settings/recording/recording"), "RecordingPage"),
});

const storage = createRoute({
  getParentRoute: () => settings,
  path: "/storage",
  component: lazyRouteComponent(() => import("../places/settings/storage/storage"), "StoragePage"),
});

const completeness = createRoute({
  getParentRoute: () => settings,
  path: "/completeness",
  validateSearch: keep("cameras", "step", "at"),
  component: lazyRouteComponent(() => import("../places/settings/completeness/completeness"), "CompletenessPage"),
});

const evidence = createRoute({
  getParentRoute: () => settings,
  path: "/evidence",
  component: lazyRouteComponent(() => import("../places/settings/evidence/evidence"), "EvidencePage"),
});

const users = createRoute({
  getParentRoute: () => settings,
  path: "/users",
  component: lazyRouteComponent(() => import("../places/settings/users"), "UsersPage"),
});

const audit = createRoute({
  getParentRoute: () => settings,
  path: "/audit",
  validateSearch: keep("user", "action"),
  component: lazyRouteComponent(() => import("../places/settings/audit"), "AuditPage"),
});

const health = createRoute({
  getParentRoute: () => settings,
  path: "/health",
  component: lazyRouteComponent(() => import("../places/settings/health/health"), "HealthPage"),
});

const tree = root.addChildren([
  login,
  app.addChildren([
    home,
    watch,
    review,
    alarms,
    search,
    files,
    lists,
    lab,
    settings.addChildren([
      settingsHome,
      cameras,
      rules,
      privacy,
      motion,
      recording,
      storage,
      completeness,
      evidence,
      users,
      audit,
      health,
    ]),
  ]),
]);

export function makeRouter(context: Services) {
  return createRouter({
    routeTree: tree,
    context,
    defaultPreload: false,
    parseSearch: readSearch,
    stringifySearch: writeSearch,
    defaultPendingMs: 300,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
