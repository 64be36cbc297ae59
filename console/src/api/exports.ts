// Exports: packages made on the server, with progress. Shapes as in docs/design/contracts.md.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Client } from "openapi-fetch";
import { useClient } from "./context";
import { API, unwrap } from "./http";

export interface ExportFile {
  name: string;
  size_bytes: number;
  sha256: string;
}

export interface ExportInput {
  cameras: string[];
  from: string;
  to: string;
  format: "mp4" | "mkv";
  stream: "auto" | "main" | "sub";
  bundle: boolean;
  purpose: string;
}

export interface ExportJob extends Omit<ExportInput, "stream"> {
  id: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  progress: number;
  size_bytes: number;
  files: ExportFile[];
  created_by: string;
  created_at: string;
  expires_at: string | null;
  error: { code: string; message: string; hint: string } | null;
  fingerprint: string;
}

interface Json<T> {
  content: { "application/json": T };
}
interface NoBody {
  parameters: { path: { id: string } };
}
type ExportPaths = {
  "/api/v1/exports": {
    get: { responses: { 200: Json<{ items: ExportJob[] }> } };
    post: { requestBody: Json<ExportInput>; responses: { 201: Json<ExportJob> } };
  };
  "/api/v1/exports/{id}": {
    delete: NoBody & { responses: { 200: Json<unknown> } };
  };
};

const useExportClient = () => useClient() as unknown as Client<ExportPaths>;

const BUSY: ReadonlySet<ExportJob["state"]> = new Set(["queued", "running"]);
export const isBusy = (job: Pick<ExportJob, "state">): boolean => BUSY.has(job.state);

export function useExports(isWanted = true) {
  const client = useExportClient();
  return useQuery({
    queryKey: ["exports"],
    enabled: isWanted,
    queryFn: async () => (await unwrap(client.GET("/api/v1/exports"))).items,
    refetchInterval: (query) => (query.state.data?.some(isBusy) ? 700 : 15_000),
  });
}

export function useAddExport() {
  const client = useExportClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ExportInput) => unwrap(client.POST("/api/v1/exports", { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["exports"] }),
  });
}

export function useCancelExport() {
  const client = useExportClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(client.DELETE("/api/v1/exports/{id}", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["exports"] }),
  });
}

/** Where a file of an export is fetched; a broken download goes on where it stopped. */
export const exportFileUrl = (id: string, name: string): string =>
  `${API}/exports/${encodeURIComponent(id)}/files/${encodeURIComponent(name)}`;
export const exportBundleUrl = (id: string): string => `${API}/exports/${encodeURIComponent(id)}/bundle.zip`;
