// The operator's own categories that are kept: what cameras and files can be told to look for.

import { useQuery } from "@tanstack/react-query";
import { useClient } from "./context";
import { unwrap } from "./http";

export function useKeptSets() {
  const client = useClient();
  return useQuery({
    queryKey: ["categories", "kept"],
    queryFn: async () => (await unwrap(client.GET("/api/v1/analysis/categories"))).items,
  });
}
