// What pictures show: one request a picture, the file as its body.

import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useClient, useServices } from "./context";
import { unwrap, urlOf } from "./http";
import { Problem, problemFrom } from "./problem";
import type { Changed, Classified } from "./types";

export function useClassify() {
  const { http } = useServices();
  return useMutation({
    mutationFn: (picture: Blob) => look<Classified>(urlOf("/classify", { top: 3 }), picture, http.csrf),
  });
}

/** Asks what the classifier makes of a picture that is shifted, shown smaller or larger, and turned. */
export function useClassifyChanged(): (picture: Blob) => Promise<Changed> {
  const { http } = useServices();
  return useCallback((picture: Blob) => look(urlOf("/classify/changed"), picture, http.csrf), [http]);
}

/** The classifier that answers, as it was measured. */
export function useClassifier() {
  const client = useClient();
  return useQuery({ queryKey: ["classifier"], queryFn: () => unwrap(client.GET("/api/v1/classify")) });
}

/** Posts a picture to whoever says what it shows. */
export async function look<Answer>(url: string, picture: Blob, csrf: string): Promise<Answer> {
  const headers = { "Content-Type": picture.type || "application/octet-stream", "X-CSRF-Token": csrf };
  const answer = await fetch(url, { method: "POST", headers, body: picture }).catch(() => {
    throw new Problem(0, "server_away", "The server does not answer", "");
  });
  const body: unknown = await answer.json().catch(() => null);
  if (!answer.ok) throw problemFrom(answer.status, body, answer.headers.get("X-Request-ID") ?? "");
  return body as Answer;
}
