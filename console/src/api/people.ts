// People on lists of faces: who is enrolled, enrolling, removing. Templates have no place here: they never leave the server.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useClient } from "./context";
import { unwrap, urlOf } from "./http";
import type { EnrolInput, Person, PersonInput } from "./types";

const PEOPLE_AT_MOST = 500;

export function usePeople(listId: string, search: string) {
  const client = useClient();
  return useQuery({
    queryKey: ["people", listId, search],
    queryFn: () =>
      unwrap(
        client.GET("/api/v1/watchlists/{list_id}/people", {
          params: { path: { list_id: listId }, query: { search, limit: PEOPLE_AT_MOST } },
        }),
      ),
  });
}

/** The person behind a match, undefined while it is asked for and when he is gone. */
export function usePerson(listId: string, entryId: string, isWanted: boolean) {
  const client = useClient();
  return useQuery({
    queryKey: ["person", listId, entryId],
    enabled: isWanted,
    retry: false,
    queryFn: () =>
      unwrap(
        client.GET("/api/v1/watchlists/{list_id}/people/{entry_id}", {
          params: { path: { list_id: listId, entry_id: entryId } },
        }),
      ),
  });
}

export function useSavePeople(listId: string) {
  const client = useClient();
  const queries = useQueryClient();
  const onSuccess = async () => {
    await queries.invalidateQueries({ queryKey: ["people", listId] });
    await queries.invalidateQueries({ queryKey: ["watchlists"] });
  };
  const enrol = useMutation({
    mutationFn: (body: EnrolInput): Promise<Person> =>
      unwrap(client.POST("/api/v1/watchlists/{list_id}/people", { params: { path: { list_id: listId } }, body })),
    onSuccess,
  });
  const change = useMutation({
    mutationFn: ({ id, body }: { id: string; body: PersonInput }): Promise<Person> =>
      unwrap(
        client.PUT("/api/v1/watchlists/{list_id}/people/{entry_id}", {
          params: { path: { list_id: listId, entry_id: id } },
          body,
        }),
      ),
    onSuccess,
  });
  const remove = useMutation({
    mutationFn: (entryId: string) =>
      unwrap(
        client.DELETE("/api/v1/watchlists/{list_id}/people/{entry_id}", {
          params: { path: { list_id: listId, entry_id: entryId } },
        }),
      ),
    onSuccess,
  });
  return { enrol, change, remove };
}

export const portraitUrl = (listId: string, entryId: string, place: number): string =>
  urlOf(`/watchlists/${listId}/people/${entryId}/portraits/${place}.jpg`);
