// The one way to the server: the generated client, with the CSRF token added, refusals turned into problems, and the
// link told when nothing answers.

import createClient, { type Client } from "openapi-fetch";
import type { ServerLink } from "./link";
import { AWAY_STATUS, Problem, problemFrom } from "./problem";
import type { paths } from "./schema";

export const API = "/api/v1";

export type Query = Record<string, string | number | boolean | null | undefined>;

/** Address of something the browser fetches itself: a picture, a download. */
export function urlOf(path: string, query?: Query): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") search.set(key, String(value));
  }
  const text = search.toString();
  return `${API}${path}${text ? `?${text}` : ""}`;
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a good answer; a Problem is thrown for any other. */
export async function unwrap<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) throw problemFrom(response.status, error, response.headers.get("X-Request-ID") ?? "");
  return data as T;
}

export class Http {
  csrf = "";
  readonly client: Client<paths>;

  constructor(
    private readonly link: Pick<ServerLink, "suspect">,
    private readonly fetcher: typeof fetch = (...args) => fetch(...args),
    origin: string = window.location.origin,
  ) {
    this.client = createClient<paths>({ baseUrl: origin, fetch: (request) => this.send(request) });
  }

  /** Whether the server answers at all; any answer but a proxy's will do. */
  async probe(): Promise<boolean> {
    const answer = await this.fetcher(`${API}/session`, { cache: "no-store" });
    return !AWAY_STATUS.includes(answer.status);
  }

  private async send(request: Request): Promise<Response> {
    if (request.method !== "GET" && this.csrf) request.headers.set("X-CSRF-Token", this.csrf);
    let answer: Response;
    try {
      answer = await this.fetcher(request);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      this.link.suspect();
      throw new Problem(0, "server_away", "The server does not answer", "");
    }
    if (AWAY_STATUS.includes(answer.status)) this.link.suspect();
    return answer;
  }
}
