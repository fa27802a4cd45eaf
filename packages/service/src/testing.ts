import type { Interceptor, Transport } from "@connectrpc/connect";
import { createRouterTransport } from "@connectrpc/connect";
import { createValidateInterceptor } from "@connectrpc/validate";
import type { AccessPolicy } from "./auth/access-gate.ts";
import { assertAllowed } from "./auth/access-gate.ts";
import type { Caller } from "./auth/caller.ts";
import { callerKey } from "./auth/caller.ts";
import { createCallInterceptor } from "./server/call-interceptor.ts";
import type { Routes } from "./server/routes.ts";
import { createTextRefusal } from "./text/text-interceptors.ts";

/**
 * Creates an interceptor that authenticates every call as this caller, for tests of routes.
 *
 * @example
 * import { createRouterTransport } from "@connectrpc/connect";
 *
 * const transport = createRouterTransport(routes, {
 *   router: { interceptors: [authenticateAs({ role: "rider", subject: "rider-1" })] },
 * });
 */
export function authenticateAs(caller: Caller): Interceptor {
  return (next) => async (request) => {
    request.contextValues.set(callerKey, caller);
    return await next(request);
  };
}

/**
 * Creates a transport that calls routes in memory as this caller. Authorisation, validation and
 * errors are those of `serve`; there is no port and no token.
 *
 * @example
 * import { createClient } from "@connectrpc/connect";
 *
 * const transport = createTestTransport(routes, {
 *   caller: { role: "rider", subject: "rider-1" },
 *   allowedRoles: () => ["rider"],
 * });
 * const client = createClient(EchoService, transport);
 * await client.say({ text: "hello" });
 */
export function createTestTransport(
  routes: Routes,
  { caller, ...policy }: AccessPolicy & { readonly caller: Caller },
): Transport {
  return createRouterTransport(routes, {
    router: {
      interceptors: [
        createCallInterceptor(),
        authenticateAs(caller),
        createTextRefusal(),
        createValidateInterceptor(),
      ],
      requestGate: (context) => assertAllowed(context.method, caller, policy),
    },
  });
}
