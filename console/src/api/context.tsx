// What every page may reach: the client, the link and the signed-in session. Constructed once in main.tsx.

import { type QueryClient, useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import type { EnlargerPool } from "../media/enhance/pool";
import { type Http, unwrap } from "./http";
import type { ServerLink } from "./link";
import { Problem } from "./problem";
import type { Permission, Session } from "./types";

export interface Services {
  http: Http;
  link: ServerLink;
  queries: QueryClient;
  enlargers: EnlargerPool;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (!services) throw new Error("no services above this component");
  return services;
}

export function useClient() {
  return useServices().http.client;
}

/** The session, or null when nobody is signed in. */
export const sessionQuery = (http: Http) => ({
  queryKey: ["session"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async (): Promise<Session | null> => {
    try {
      const session = await unwrap(http.client.GET("/api/v1/session"));
      http.csrf = session.csrf;
      return session;
    } catch (error) {
      if (error instanceof Problem && (error.status === 401 || error.status === 403)) return null;
      throw error;
    }
  },
});

export function useSession(): Session {
  const { http } = useServices();
  const { data } = useQuery(sessionQuery(http));
  if (!data) throw new Error("this page needs a session");
  return data;
}

export function useMay(): (permission: Permission) => boolean {
  const { permissions } = useSession();
  return (permission) => permissions.includes(permission);
}
