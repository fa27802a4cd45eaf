import type { Access } from "../auth/access-gate.ts";
import { createAccessGate } from "../auth/access-gate.ts";
import type { ServeOptions } from "./serve-options.ts";
import type { Server } from "./start-server.ts";
import { startServer } from "./start-server.ts";

/**
 * Serves Connect, gRPC and gRPC-Web, `grpc.health.v1`, /healthz, /readyz and /metrics on one port,
 * over HTTP/1.1 and HTTP/2, with TLS where it is given. Rejects when the port cannot be used.
 *
 * @example
 * const server = await serve({
 *   host: "127.0.0.1",
 *   port: 8080,
 *   routes: (router) => router.service(EchoService, { say: ({ text }) => ({ text }) }),
 *   access: { ...verifier, allowedRoles: () => ["rider"] },
 *   logger,
 * });
 * server.url; // "http://127.0.0.1:8080"
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const access = requireAccess(options);
  const checks = { tokens: () => access.assertReady(), ...options.checks };
  const dependencies = options.access
    ? { "token-keys": () => access.assertFresh(), ...options.dependencies }
    : options.dependencies;
  return await startServer({ ...options, checks, dependencies, gate: createAccessGate(access) });
}

function requireAccess({ routes, access }: ServeOptions): Access {
  if (access !== undefined) return access;
  if (routes !== undefined)
    throw new Error("routes require access: pass a token verifier and allowedRoles");
  return {
    verify: () => Promise.reject(new Error("the server has no routes")),
    assertReady: async () => {},
    assertFresh: async () => {},
    allowedRoles: () => [],
  };
}
