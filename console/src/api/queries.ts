// What is asked of the server and for how long it stands. One hook a question; the cache is the only copy.

import {
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { isoRange } from "../lib/range";
import { useClient } from "./context";
import { unwrap } from "./http";
import type {
  Camera,
  CameraInput,
  CameraPatch,
  Happening,
  Models,
  Motion,
  Page,
  PrivacyZone,
  ProbeInput,
  Rule,
  TimelineRow,
  UserInput,
  UserPatch,
} from "./types";

const CAMERAS_AT_MOST = 500;

/** `isWanted`: whether this user may ask at all. */
export function useCameras(isWanted = true) {
  const client = useClient();
  return useQuery({
    queryKey: ["cameras"],
    enabled: isWanted,
    queryFn: async (): Promise<Camera[]> => {
      const page = await unwrap(client.GET("/api/v1/cameras", { params: { query: { limit: CAMERAS_AT_MOST } } }));
      return page.items;
    },
    refetchInterval: 5000,
  });
}

export interface EventFilter {
  camera?: string | undefined;
  kind?: string | undefined;
  state?: "new" | "acknowledged" | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

export type EventPage = Page<Happening>;

export function useEvents(filter: EventFilter) {
  const client = useClient();
  return useInfiniteQuery({
    queryKey: ["events", filter],
    initialPageParam: "",
    queryFn: async ({ pageParam }): Promise<EventPage> => {
      const { camera, kind, ...rest } = filter;
      const lists = { ...(camera ? { camera: [camera] } : {}), ...(kind ? { kind: [kind] } : {}) };
      const query = { ...rest, ...lists, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) };
      return unwrap(client.GET("/api/v1/events", { params: { query } }));
    },
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

export function useEvent(id: string | undefined) {
  const client = useClient();
  return useQuery({
    queryKey: ["event", id],
    enabled: Boolean(id),
    queryFn: () => unwrap(client.GET("/api/v1/events/{event_id}", { params: { path: { event_id: id ?? "" } } })),
  });
}

export function useAcknowledge() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, note }: { id: string; note: string }) =>
      unwrap(
        client.POST("/api/v1/events/{event_id}/acknowledge", { params: { path: { event_id: id } }, body: { note } }),
      ),
    onSuccess: (event) => {
      queries.setQueryData(["event", event.id], event);
      void queries.invalidateQueries({ queryKey: ["events"] });
    },
  });
}

export function useTimeline(cameras: readonly string[], fromMs: number, toMs: number, buckets: number) {
  const client = useClient();
  return useQuery({
    queryKey: ["timeline", cameras.join(","), fromMs, toMs, buckets],
    enabled: cameras.length > 0,
    placeholderData: keepPreviousData,
    refetchInterval: 5000,
    queryFn: async ({ signal }) => {
      const query = { cameras: cameras.join(","), ...isoRange({ fromMs, toMs }), buckets };
      const answer = await unwrap(client.GET("/api/v1/timeline", { params: { query }, signal }));
      return { fromMs, toMs, rows: answer.cameras as TimelineRow[] };
    },
  });
}

export function useSaveCamera() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, camera }: { id: string | null; camera: CameraInput | CameraPatch }) =>
      id === null
        ? unwrap(client.POST("/api/v1/cameras", { body: camera as CameraInput }))
        : unwrap(
            client.PATCH("/api/v1/cameras/{camera_id}", {
              params: { path: { camera_id: id } },
              body: camera as CameraPatch,
            }),
          ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["cameras"] }),
  });
}

export function useDeleteCamera() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(client.DELETE("/api/v1/cameras/{camera_id}", { params: { path: { camera_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["cameras"] }),
  });
}

export function useTestCamera() {
  const client = useClient();
  return useMutation({
    mutationFn: (body: ProbeInput) => unwrap(client.POST("/api/v1/cameras/test", { body })),
  });
}

export function useSimulate() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (count: number) => unwrap(client.POST("/api/v1/cameras/simulated", { body: { count } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["cameras"] }),
  });
}

export function useRules(cameraId: string) {
  const client = useClient();
  return useQuery({
    queryKey: ["rules", cameraId],
    queryFn: async (): Promise<Rule[]> => {
      const path = { camera_id: cameraId };
      return (await unwrap(client.GET("/api/v1/cameras/{camera_id}/rules", { params: { path } }))).rules;
    },
  });
}

export function useSaveRules(cameraId: string) {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (rules: Rule[]) =>
      unwrap(
        client.PUT("/api/v1/cameras/{camera_id}/rules", {
          params: { path: { camera_id: cameraId } },
          body: { rules },
        }),
      ),
    onSuccess: (saved) => queries.setQueryData(["rules", cameraId], saved.rules),
  });
}

export const privacyQuery = (client: ReturnType<typeof useClient>, cameraId: string) =>
  queryOptions({
    queryKey: ["privacy", cameraId],
    queryFn: async (): Promise<PrivacyZone[]> => {
      const path = { camera_id: cameraId };
      return (await unwrap(client.GET("/api/v1/cameras/{camera_id}/privacy", { params: { path } }))).zones;
    },
  });

export const usePrivacy = (cameraId: string) => useQuery(privacyQuery(useClient(), cameraId));

export function useSavePrivacy(cameraId: string) {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (zones: PrivacyZone[]) =>
      unwrap(
        client.PUT("/api/v1/cameras/{camera_id}/privacy", {
          params: { path: { camera_id: cameraId } },
          body: { zones },
        }),
      ),
    onSuccess: (saved) => queries.setQueryData(["privacy", cameraId], saved.zones),
  });
}

export function useMotion(cameraId: string) {
  const client = useClient();
  return useQuery({
    queryKey: ["motion", cameraId],
    queryFn: (): Promise<Motion> =>
      unwrap(client.GET("/api/v1/cameras/{camera_id}/motion", { params: { path: { camera_id: cameraId } } })),
  });
}

export function useSaveMotion(cameraId: string) {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (motion: Motion) =>
      unwrap(
        client.PUT("/api/v1/cameras/{camera_id}/motion", {
          params: { path: { camera_id: cameraId } },
          body: motion,
        }),
      ),
    onSuccess: (saved) => queries.setQueryData(["motion", cameraId], saved),
  });
}

export function useUsers() {
  const client = useClient();
  return useQuery({
    queryKey: ["users"],
    queryFn: async () => (await unwrap(client.GET("/api/v1/users"))).items,
  });
}

export function useSaveUser() {
  const client = useClient();
  const queries = useQueryClient();
  return {
    add: useMutation({
      mutationFn: (body: UserInput) => unwrap(client.POST("/api/v1/users", { body })),
      onSuccess: () => queries.invalidateQueries({ queryKey: ["users"] }),
    }),
    change: useMutation({
      mutationFn: ({ id, body }: { id: string; body: UserPatch }) =>
        unwrap(client.PATCH("/api/v1/users/{user_id}", { params: { path: { user_id: id } }, body })),
      onSuccess: () => queries.invalidateQueries({ queryKey: ["users"] }),
    }),
    remove: useMutation({
      mutationFn: (id: string) =>
        unwrap(client.DELETE("/api/v1/users/{user_id}", { params: { path: { user_id: id } } })),
      onSuccess: () => queries.invalidateQueries({ queryKey: ["users"] }),
    }),
  };
}

export interface AuditFilter {
  user?: string | undefined;
  action?: string | undefined;
}

export function useAudit(filter: AuditFilter) {
  const client = useClient();
  return useInfiniteQuery({
    queryKey: ["audit", filter],
    initialPageParam: "",
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam }) => {
      const query = { ...filter, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) };
      return unwrap(client.GET("/api/v1/audit", { params: { query } }));
    },
    getNextPageParam: (last) => last.next || undefined,
  });
}

export function useSystem() {
  const client = useClient();
  return useQuery({
    queryKey: ["system"],
    queryFn: () => unwrap(client.GET("/api/v1/system")),
    refetchInterval: 3000,
  });
}

/** What the cameras' own signatures say of the newest footage, stream by stream. */
export function useSigning() {
  const client = useClient();
  return useQuery({
    queryKey: ["signing"],
    queryFn: () => unwrap(client.GET("/api/v1/signing")),
    refetchInterval: 30_000,
  });
}

export const useModels = () => useModelsAnswer(({ items }) => items);

/** Manifests that the operator added and that are not used. */
export const useModelFaults = () => useModelsAnswer(({ faults }) => faults);

function useModelsAnswer<T>(select: (answer: Models) => T) {
  const client = useClient();
  return useQuery({ queryKey: ["models"], queryFn: () => unwrap(client.GET("/api/v1/models")), select });
}
