// The operator's own categories: kept sets with their figures, teaching with progress, trying a picture.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useClient, useServices } from "./context";
import { API, unwrap, urlOf } from "./http";
import { look } from "./lab";
import { Problem, problemFrom } from "./problem";
import type { Classified, KeptSet, Lesson } from "./types";

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
    mutationFn: (input: LessonInput) => send(input, http.csrf),
    onSettled: () => queries.invalidateQueries({ queryKey: ["categories"] }),
  });
}

/** `fetch` tells nothing of an upload's progress, so the older request it is. */
function send({ name, about, archive, onProgress, signal }: LessonInput, csrf: string): Promise<Lesson> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", urlOf("/categories/lesson", { name, about }));
    request.responseType = "json";
    request.setRequestHeader("Content-Type", "application/zip");
    request.setRequestHeader("X-CSRF-Token", csrf);
    request.upload.onprogress = (event) => onProgress(event.total > 0 ? event.loaded / event.total : 0);
    request.onload = () =>
      request.status === 201
        ? resolve(request.response as Lesson)
        : reject(problemFrom(request.status, request.response, request.getResponseHeader("X-Request-ID") ?? ""));
    request.onerror = () => reject(new Problem(0, "server_away", "The server does not answer", ""));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(archive);
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
