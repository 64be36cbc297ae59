// Questions about lists of plates and vehicles, and their entries.

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useClient } from "./context";
import { unwrap, urlOf } from "./http";
import type { WatchlistEntryInput, WatchlistInput } from "./types";

const PAGE = 100;

export function useWatchlists() {
  const client = useClient();
  return useQuery({
    queryKey: ["watchlists"],
    queryFn: async () => (await unwrap(client.GET("/api/v1/watchlists"))).items,
  });
}

export function useEntries(listId: string, search: string) {
  const client = useClient();
  return useInfiniteQuery({
    queryKey: ["watchlists", listId, "entries", search],
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client.GET("/api/v1/watchlists/{list_id}/entries", {
          params: { path: { list_id: listId }, query: { search, limit: PAGE, offset: pageParam } },
          signal,
        }),
      ),
    getNextPageParam: (last, pages) => {
      const count = pages.reduce((sum, page) => sum + page.items.length, 0);
      return last.items.length > 0 && count < last.total ? count : undefined;
    },
  });
}

/** Everything about lists is asked again after each change: counts and entries belong together. */
function useChange<Arguments, Result>(change: (given: Arguments) => Promise<Result>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => queries.invalidateQueries({ queryKey: ["watchlists"] }),
  });
}

export function useSaveList() {
  const client = useClient();
  return useChange(({ id, body }: { id: string | null; body: WatchlistInput }) =>
    id === null
      ? unwrap(client.POST("/api/v1/watchlists", { body }))
      : unwrap(client.PUT("/api/v1/watchlists/{list_id}", { params: { path: { list_id: id } }, body })),
  );
}

export function useRemoveList() {
  const client = useClient();
  return useChange((id: string) =>
    unwrap(client.DELETE("/api/v1/watchlists/{list_id}", { params: { path: { list_id: id } } })),
  );
}

export function useSaveEntry(listId: string) {
  const client = useClient();
  return useChange(({ id, body }: { id: string | null; body: WatchlistEntryInput }) =>
    id === null
      ? unwrap(client.POST("/api/v1/watchlists/{list_id}/entries", { params: { path: { list_id: listId } }, body }))
      : unwrap(
          client.PUT("/api/v1/watchlists/{list_id}/entries/{entry_id}", {
            params: { path: { list_id: listId, entry_id: id } },
            body,
          }),
        ),
  );
}

export function useRemoveEntry(listId: string) {
  const client = useClient();
  return useChange((id: string) =>
    unwrap(
      client.DELETE("/api/v1/watchlists/{list_id}/entries/{entry_id}", {
        params: { path: { list_id: listId, entry_id: id } },
      }),
    ),
  );
}

/** Sends the bytes as they are: what is no UTF-8 the server must see, and say. */
export function useImportSheet(listId: string) {
  const client = useClient();
  return useChange(async ({ file, isWhole, timezone }: { file: File; isWhole: boolean; timezone: string }) => {
    const bytes = await file.arrayBuffer();
    return unwrap(
      client.POST("/api/v1/watchlists/{list_id}/entries.csv", {
        params: { path: { list_id: listId }, query: { replace: isWhole, timezone } },
        body: "",
        bodySerializer: () => bytes,
        headers: { "Content-Type": "text/csv" },
      }),
    );
  });
}

export const sheetUrl = (listId: string): string => urlOf(`/watchlists/${listId}/entries.csv`);
