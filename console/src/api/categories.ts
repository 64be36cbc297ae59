// The operator's own categories: kept sets with their figures, teaching with progress, trying a picture.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useClient, useServices } from "./context";
import { API, unwrap, urlOf } from "./http";
import { look } from "./lab";
import type { Changed, Classified, KeptSet, Lesson } from "./types";
import { upload } from "./upload";

const OVER: ReadonlySet<Lesson["state"]> = new Set(["done", "failed", "cancelled"]);
export const isLessonOver = (lesson: Pick<Lesson, "state">): boolean => OVER.has(lesson.state);

export function useCategorySets() {
  const client = useClient();
  return useQuery({
    queryKey: ["categories", "all"],
    queryFn: () => unwrap(client.GET("/api/v1/categories")),
    refetchInterval: ({ state }) => (state.data?.lesson && !isLessonOver(state.data.lesson) ? 700 : 15_000),
  });
}

export function useDeleteSet() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      unwrap(client.DELETE("/api/v1/categories/sets/{name}", { params: { path: { name } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["categories"] }),
  });
}

/** Ends what is being taught, or puts away what is over. */
export function useEndLesson() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(client.DELETE("/api/v1/categories/lesson")),
    onSettled: () => queries.invalidateQueries({ queryKey: ["categories"] }),
  });
}

export interface LessonInput {
  name: string;
  about: KeptSet["about"];
  archive: Blob;
  /** Share of its bytes that are on the server, 0 to 1. */
  onProgress: (share: number) => void;
  signal: AbortSignal;
}

export function useTeach() {
  const { http } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, about, archive, onProgress, signal }: LessonInput) =>
      upload<Lesson>({
        url: urlOf("/categories/lesson", { name, about }),
        body: archive,
        type: "application/zip",
        csrf: http.csrf,
        onProgress,
        signal,
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["categories"] }),
  });
}

const setUrl = (name: string): string => `/categories/sets/${encodeURIComponent(name)}`;

export const setFileUrl = (name: string): string => `${API}${setUrl(name)}/file`;

/** Asks which category of a set a picture shows. */
export function useSaySet(name: string): (picture: Blob) => Promise<Classified> {
  const { http } = useServices();
  return useCallback(
    (picture: Blob) => look(urlOf(`${setUrl(name)}/say`, { top: 5 }), picture, http.csrf),
    [name, http],
  );
}

/** Asks what a set makes of a picture that is shifted, shown smaller or larger, and turned. */
export function useSayChanged(name: string): (picture: Blob) => Promise<Changed> {
  const { http } = useServices();
  return useCallback((picture: Blob) => look(urlOf(`${setUrl(name)}/say/changed`), picture, http.csrf), [name, http]);
}
