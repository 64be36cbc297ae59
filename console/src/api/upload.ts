// A large body sent with progress. `fetch` tells nothing of an upload's progress, so the older request it is.

import { Problem, problemFrom } from "./problem";

export interface Upload {
  url: string;
  body: Blob;
  type: string;
  csrf: string;
  /** Share of its bytes that are on the server, 0 to 1. */
  onProgress: (share: number) => void;
  signal?: AbortSignal;
}

/** The answer to a POST that makes something (201). Rejects with a Problem, or an AbortError where `signal` ended it. */
export function upload<T>({ url, body, type, csrf, onProgress, signal }: Upload): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.responseType = "json";
    request.setRequestHeader("Content-Type", type);
    request.setRequestHeader("X-CSRF-Token", csrf);
    request.upload.onprogress = (event) => onProgress(event.total > 0 ? event.loaded / event.total : 0);
    request.onload = () =>
      request.status === 201
        ? resolve(request.response as T)
        : reject(problemFrom(request.status, request.response, request.getResponseHeader("X-Request-ID") ?? ""));
    request.onerror = () => reject(new Problem(0, "server_away", "The server does not answer", ""));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}
