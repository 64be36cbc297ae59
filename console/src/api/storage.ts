// Questions about volumes, holds, recording plans, the completeness ledger and the evidence log.

import { keepPreviousData, useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { isoRange } from "../lib/range";
import { useClient, useMay } from "./context";
import { unwrap } from "./http";
import { useCameras } from "./queries";
import type { HoldInput, RecordingPlan, VolumeInput, VolumePatch } from "./types";

export function useVolumes(isWanted = true) {
  const client = useClient();
  return useQuery({
    queryKey: ["volumes"],
    enabled: isWanted,
    queryFn: async () => (await unwrap(client.GET("/api/v1/volumes"))).items,
    refetchInterval: 5000,
  });
}

export function useSaveVolume() {
  const client = useClient();
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: ["volumes"] });
  return {
    add: useMutation({
      mutationFn: (body: VolumeInput) => unwrap(client.POST("/api/v1/volumes", { body })),
      onSuccess,
    }),
    change: useMutation({
      mutationFn: ({ name, body }: { name: string; body: VolumePatch }) =>
        unwrap(client.PATCH("/api/v1/volumes/{name}", { params: { path: { name } }, body })),
      onSuccess,
    }),
    remove: useMutation({
      mutationFn: (name: string) => unwrap(client.DELETE("/api/v1/volumes/{name}", { params: { path: { name } } })),
      onSuccess,
    }),
  };
}

export function useHolds(isWanted = true) {
  const client = useClient();
  return useQuery({
    queryKey: ["holds"],
    enabled: isWanted,
    queryFn: async () => (await unwrap(client.GET("/api/v1/holds"))).items,
    refetchInterval: 15_000,
  });
}

export function useSaveHold() {
  const client = useClient();
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: ["holds"] });
  return {
    add: useMutation({
      mutationFn: (body: HoldInput) => unwrap(client.POST("/api/v1/holds", { body })),
      onSuccess,
    }),
    release: useMutation({
      mutationFn: ({ id, reason }: { id: string; reason: string }) =>
        unwrap(client.DELETE("/api/v1/holds/{hold_id}", { params: { path: { hold_id: id }, query: { reason } } })),
      onSuccess,
    }),
  };
}

export function usePlans(cameras: readonly string[]) {
  const client = useClient();
  return useQueries({
    queries: cameras.map((id) => ({
      queryKey: ["plan", id],
      refetchOnWindowFocus: false,
      queryFn: () =>
        unwrap(client.GET("/api/v1/cameras/{camera_id}/recording-plan", { params: { path: { camera_id: id } } })),
    })),
  });
}

export function useSavePlan() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, plan }: { id: string; plan: RecordingPlan }) =>
      unwrap(
        client.PUT("/api/v1/cameras/{camera_id}/recording-plan", { params: { path: { camera_id: id } }, body: plan }),
      ),
    onSuccess: (saved, { id }) => queries.setQueryData(["plan", id], saved),
  });
}

export function useLedger(cameras: readonly string[], fromMs: number, toMs: number, stepS: number) {
  const client = useClient();
  return useQuery({
    queryKey: ["ledger", cameras.join(","), fromMs, toMs, stepS],
    enabled: cameras.length > 0,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
    queryFn: ({ signal }) => {
      const query = { cameras: cameras.join(","), ...isoRange({ fromMs, toMs }), step_s: stepS };
      return unwrap(client.GET("/api/v1/ledger", { params: { query }, signal }));
    },
  });
}

export function useEvidence() {
  const client = useClient();
  return useQuery({
    queryKey: ["evidence"],
    queryFn: () => unwrap(client.GET("/api/v1/evidence")),
    refetchInterval: 5000,
  });
}

export function useRotateKey() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ reason, isStolen }: { reason: string; isStolen: boolean }) =>
      unwrap(client.POST("/api/v1/evidence/rotate-key", { body: { reason, overlap_h: isStolen ? 0 : 24 } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["evidence"] }),
  });
}

export interface KnownCamera {
  id: string;
  name: string;
}

/** The cameras this user may name. Who may play recordings but not list cameras (an auditor) gets names and no more. */
export function useKnownCameras(): readonly KnownCamera[] | undefined {
  const may = useMay();
  const client = useClient();
  const mayList = may("camera.view");
  const { data: all } = useCameras(mayList);
  const { data: playable } = useQuery({
    queryKey: ["recordings", "cameras"],
    enabled: !mayList && may("recording.play"),
    queryFn: async () => (await unwrap(client.GET("/api/v1/recordings/cameras"))).items,
    refetchInterval: 15_000,
  });
  return mayList ? all : playable;
}
