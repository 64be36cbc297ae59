// Files that people bring for analysis: upload with progress, jobs, results.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useClient, useServices } from "./context";
import { API, unwrap, urlOf } from "./http";
import { problemFrom } from "./problem";
import type { FileJob, FileJobChange } from "./types";
import { upload } from "./upload";

const BUSY: ReadonlySet<FileJob["state"]> = new Set(["queued", "running"]);
const OVER: ReadonlySet<FileJob["state"]> = new Set(["done", "failed", "cancelled"]);
export const isOver = (job: Pick<FileJob, "state">): boolean => OVER.has(job.state);

/** A record of `objects.json` (docs/reference/analyze.md). */
export interface FoundObject {
  track_id: number;
  class: string;
  confidence: number;
  first_s: number;
  last_s: number;
  best_frame_s: number;
  attributes: Record<string, { value: string; confidence: number }>;
  plate: { text: string; confidence: number; state: string } | null;
  picture: string;
}

/** A record of `events.json`. */
export interface FoundEvent {
  kind: string;
  start_s: number;
  end_s: number | null;
  track_ids: number[];
  /** Of an event of a list. */
  match?: { list_id: string; list_name: string; entry_id: string; state: "sure" | "unsure" | "unlisted" };
  detail?: string;
  severity?: "alarm" | "warning" | "information";
  /** Of a face: as it was seen. */
  picture?: string;
}

export interface FileOrder {
  file: File;
  classes: readonly string[];
  fps: number;
  annotate: boolean;
  tiles: number;
  /** Names of the operator's own sets that are told. */
  categories: readonly string[];
  /** Ids of the lists that it is matched with, and why. */
  lists: readonly string[];
  purpose: string;
  /** By what people in it are kept to be found again. */
  keep: readonly ("face" | "appearance")[];
  /** Which camera took it and when its first picture is of, empty: nobody said. */
  camera: string;
  start: string;
}

export function useFileJobs() {
  const client = useClient();
  return useQuery({
    queryKey: ["files"],
    queryFn: async () => (await unwrap(client.GET("/api/v1/analysis/files"))).items,
    refetchInterval: (query) => (query.state.data?.some((job) => BUSY.has(job.state)) ? 1000 : 15_000),
  });
}

export function useChangeFileJob() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, change }: { id: string; change: FileJobChange }) =>
      unwrap(client.PATCH("/api/v1/analysis/files/{job_id}", { params: { path: { job_id: id } }, body: change })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["files"] }),
  });
}

export function useRemoveFileJob() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(client.DELETE("/api/v1/analysis/files/{job_id}", { params: { path: { job_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["files"] }),
  });
}

/** Sends one file. `onProgress`: share of its bytes that are on the server, 0 to 1. */
export function useUpload() {
  const { http } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ order, onProgress }: { order: FileOrder; onProgress: (share: number) => void }) =>
      upload<FileJob>({
        url: uploadUrl(order),
        body: order.file,
        type: "application/octet-stream",
        csrf: http.csrf,
        onProgress,
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["files"] }),
  });
}

function uploadUrl(order: FileOrder): string {
  const query = new URLSearchParams({
    name: order.file.name,
    fps: String(order.fps),
    annotate: String(order.annotate),
    tiles: String(order.tiles),
  });
  for (const name of order.classes) query.append("classes", name);
  for (const name of order.categories) query.append("categories", name);
  for (const id of order.lists) query.append("lists", id);
  for (const way of order.keep) query.append("keep", way);
  if (order.camera) query.append("camera_id", order.camera);
  if (order.start) query.append("started_at", order.start);
  if (order.purpose) query.append("purpose", order.purpose);
  return `${API}/analysis/files?${query}`;
}

export const resultUrl = (id: string, name: string): string => urlOf(`/analysis/files/${id}/results/${name}`);

/** The found objects and events of a job that is done. */
export function useFindings(job: FileJob) {
  return useQuery({
    queryKey: ["files", job.id, "findings"],
    enabled: job.state === "done",
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => ({
      objects: (await fetchJson(resultUrl(job.id, "objects.json"))) as FoundObject[],
      events: (await fetchJson(resultUrl(job.id, "events.json"))) as FoundEvent[],
    }),
  });
}

async function fetchJson(url: string): Promise<unknown> {
  const answer = await fetch(url);
  const body: unknown = await answer.json();
  if (!answer.ok) throw problemFrom(answer.status, body, answer.headers.get("X-Request-ID") ?? "");
  return body;
}
