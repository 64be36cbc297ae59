// Orders to erase footage: what one would take, giving one, and those that are not carried out yet.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useClient } from "./context";
import { unwrap } from "./http";
import type { ErasureInput, ErasureRange } from "./types";

export function useErasures() {
  const client = useClient();
  return useQuery({
    queryKey: ["erasures"],
    queryFn: async () => (await unwrap(client.GET("/api/v1/erasures"))).items,
    refetchInterval: 3000,
  });
}

export function usePlanErasure() {
  const client = useClient();
  return useMutation({
    mutationFn: (body: ErasureRange) => unwrap(client.POST("/api/v1/erasures/plan", { body })),
  });
}

export function useOrderErasure() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ErasureInput) => unwrap(client.POST("/api/v1/erasures", { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["erasures"] }),
  });
}
