import { type BusCode, BusError } from "@fanfare/bus";
import type { Msg } from "@nats-io/nats-core";

/** What the server reports about a pull request. */
export type PullStatus =
  /** The request is open. */
  | { readonly type: "heartbeat" }
  /** The request ended, with that many messages undelivered; all of them when undefined. */
  | { readonly type: "ended"; readonly remaining: number | undefined }
  /** The request failed, or all requests at the consumer did. */
  | { readonly type: "failed"; readonly error: BusError; readonly scope: "request" | "consumer" };

/** The statuses 409 that end all requests at a consumer, by how their description begins. */
const consumerFailures: readonly (readonly [start: string, code: BusCode])[] = [
  ["consumer deleted", "not_provisioned"],
  ["leadership change", "no_leader"],
  ["server shutdown", "unavailable"],
];

/** Parses a status message. `consumer` begins the message of an error. */
export function parsePullStatus({ headers }: Pick<Msg, "headers">, consumer: string): PullStatus {
  const { code = 0, description = "" } = headers ?? {};
  switch (code) {
    case 100:
      return { type: "heartbeat" };
    case 404:
    case 408: {
      const remaining = headers?.get("Nats-Pending-Messages") ?? "";
      return { type: "ended", remaining: remaining === "" ? undefined : Number(remaining) };
    }
    case 409: {
      const lower = description.toLowerCase();
      const [, busCode] = consumerFailures.find(([start]) => lower.startsWith(start)) ?? [];
      const error = new BusError(busCode ?? "internal", `${consumer}: ${description}`);
      return { type: "failed", error, scope: busCode === undefined ? "request" : "consumer" };
    }
    case 503: {
      const error = new BusError("not_provisioned", `${consumer} does not exist`);
      return { type: "failed", error, scope: "request" };
    }
    default: {
      const error = new BusError("internal", `${consumer}: status ${code} ${description}`);
      return { type: "failed", error, scope: "request" };
    }
  }
}
