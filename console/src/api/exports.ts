// Exports: packages made on the server, with progress.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useClient } from "./context";
import { API, unwrap } from "./http";
import type { ExportInput, ExportJob } from "./types";

const BUSY: ReadonlySet<ExportJob["state"]> = new Set(["queued", "running"]);
export const isBusy = (job: Pick<ExportJob, "state">): boolean => BUSY.has(job.state);

export function useExports(isWanted = true) {
  const client = useClient();
  return useQuery({
    queryKey: ["exports"],
    enabled: isWanted,
    queryFn: async () => (await unwrap(client.GET("/api/v1/exports"))).items,
    refetchInterval: (query) => (query.state.data?.some(isBusy) ? 700 : 15_000),
  });
}

export function useAddExport() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ExportInput) => unwrap(client.POST("/api/v1/exports", { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["exports"] }),
  });
}

export function useCancelExport() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(client.DELETE("/api/v1/exports/{export_id}", { params: { path: { export_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["exports"] }),
  });
}

/** Where a file of an export is fetched; a broken download goes on where it stopped. */
export const exportFileUrl = (id: string, name: string): string =>
  `${API}/exports/${encodeURIComponent(id)}/files/${encodeURIComponent(name)}`;
export const exportBundleUrl = (id: string): string => `${API}/exports/${encodeURIComponent(id)}/bundle.zip`;
