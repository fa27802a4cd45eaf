import { createAccessGate } from "../auth/access-gate.ts";
import { createCallLimiter } from "../limits/call-limiter.ts";
import { anonymousLimits, defaultCallerLimits } from "../limits/caller-limits.ts";
import type { ServeOptions } from "./serve-options.ts";
import type { Server } from "./start-server.ts";
import { startServer } from "./start-server.ts";

/**
 * Serves Connect, gRPC and gRPC-Web on one port, over HTTP/1.1 and HTTP/2, with TLS where it is
 * given, and on another port, for probes and Prometheus, `/healthz`, `/readyz`, `/metrics` and
 * `grpc.health.v1`. Rejects when a port cannot be used.
 *
 * @example
 * const server = await serve({
 *   host: "127.0.0.1",
 *   port: 8080,
 *   healthPort: 9080,
 *   routes: (router) => router.service(EchoService, { say: ({ text }) => ({ text }) }),
 *   access: { ...verifier, allowedRoles: () => ["rider"] },
 *   logger,
 * });
 * server.url; // "http://127.0.0.1:8080"
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const { access } = options;
  const checks = { tokens: () => access.assertReady(), ...options.checks };
  const dependencies = { "token-keys": () => access.assertFresh(), ...options.dependencies };
  const limiter = createCallLimiter({
    ofCaller: access.limits ?? (() => defaultCallerLimits),
    ofAnonymous: access.anonymousLimits ?? anonymousLimits,
    maxStreams: options.maxStreams ?? 1000,
  });
  return await startServer({
    ...options,
    checks,
    dependencies,
    gate: createAccessGate(access, limiter),
    anonymousGate: async (context) => limiter.admitAnonymous(context),
  });
}
