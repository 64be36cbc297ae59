// The next or previous event of some cameras. The server lists newest first, so the previous one is a question of one
// row; the next one is looked for in windows that grow, until one holds it whole.

import type { Client } from "openapi-fetch";
import { unwrap } from "../../api/http";
import type { paths } from "../../api/schema";
import type { Happening } from "../../api/types";

const HOUR = 3_600_000;
const WINDOWS_MS = [HOUR / 6, 6 * HOUR, 7 * 24 * HOUR, 60 * 24 * HOUR];
const LIMIT = 500;
const GUARD_MS = 1500;

type EventQuery = NonNullable<paths["/api/v1/events"]["get"]["parameters"]["query"]>;

export async function findNeighbour(
  client: Client<paths>,
  cameras: readonly string[],
  atMs: number,
  direction: 1 | -1,
): Promise<Happening | null> {
  const ask = (query: EventQuery) =>
    unwrap(client.GET("/api/v1/events", { params: { query: { camera: [...cameras], ...query } } }));
  if (direction === -1) {
    const to = new Date(atMs - GUARD_MS).toISOString();
    return (await ask({ to, limit: 1 })).items[0] ?? null;
  }
  const from = new Date(atMs + GUARD_MS).toISOString();
  for (const windowMs of WINDOWS_MS) {
    const page = await ask({ from, to: new Date(atMs + windowMs).toISOString(), limit: LIMIT });
    const oldest = page.items.at(-1);
    if (oldest) return oldest;
  }
  return null;
}
