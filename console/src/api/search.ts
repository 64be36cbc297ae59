// Questions about what cameras saw. A picture that somebody looks with is sent once and kept nowhere, also not in the cache.

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useClient } from "./context";
import { unwrap } from "./http";
import type { SearchPage, SearchQuestion, TraceQuestion } from "./types";

type Source = SearchQuestion["source"];

const PAGE = 60;

export type Question = Omit<SearchQuestion, "limit" | "cursor">;

/** What can be asked: attributes and their values. */
export function useSearchWords() {
  const client = useClient();
  return useQuery({
    queryKey: ["search", "words"],
    staleTime: 60_000,
    queryFn: () => unwrap(client.GET("/api/v1/search/words")),
  });
}

export function useSearch(question: Question | null) {
  const client = useClient();
  return useInfiniteQuery({
    queryKey: ["search", "objects", question],
    enabled: question !== null,
    initialPageParam: "",
    retry: false,
    queryFn: ({ pageParam, signal }): Promise<SearchPage> => {
      const body = { ...question, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } as SearchQuestion;
      return unwrap(client.POST("/api/v1/search/objects", { body, signal }));
    },
    getNextPageParam: (last) => last.next ?? undefined,
  });
}

/** Looks once with a picture: for the face in it, or for how one of the people in it looks. */
export function usePictureSearch() {
  const client = useClient();
  return useMutation({
    mutationFn: ({
      person,
      ...asked
    }: {
      picture: string;
      purpose: string;
      person: number | null;
      source: Source;
      cameras: string[];
      from?: string;
      to?: string;
    }) =>
      person === null
        ? unwrap(client.POST("/api/v1/search/picture", { body: { ...asked, limit: PAGE } }))
        : unwrap(client.POST("/api/v1/search/person", { body: { ...asked, person, limit: PAGE } })),
  });
}

/** The people in a picture, to choose one of. */
export function usePeopleInPicture() {
  const client = useClient();
  return useMutation({
    mutationFn: (picture: string) => unwrap(client.POST("/api/v1/search/people", { body: { picture } })),
  });
}

export function useSeenObject(id: string | undefined) {
  const client = useClient();
  return useQuery({
    queryKey: ["search", "object", id],
    enabled: id !== undefined,
    retry: false,
    queryFn: () =>
      unwrap(client.GET("/api/v1/search/objects/{object_id}", { params: { path: { object_id: id ?? "" } } })),
  });
}

export function useTrace(question: TraceQuestion | null) {
  const client = useClient();
  return useQuery({
    queryKey: ["search", "trace", question],
    enabled: question !== null,
    retry: false,
    queryFn: () => unwrap(client.POST("/api/v1/search/trace", { body: question as TraceQuestion })),
  });
}

export function useEraseObjects() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (asked: { object_ids: string[]; reason: string }) =>
      unwrap(client.POST("/api/v1/search/erasures", { body: asked })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["search"] }),
  });
}
