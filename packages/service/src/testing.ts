import type { Interceptor, Transport } from "@connectrpc/connect";
import { createRouterTransport } from "@connectrpc/connect";
import { createValidateInterceptor } from "@connectrpc/validate";
import type { AllowedRoles } from "./auth/access.ts";
import { assertAllowed } from "./auth/access.ts";
import type { Caller } from "./auth/caller.ts";
import { callerKey } from "./auth/caller.ts";
import { createCallInterceptor } from "./server/call-interceptor.ts";
import type { Routes } from "./server/routes.ts";

/** authenticateAs is an interceptor for routes under test: every call is made by this caller. */
export function authenticateAs(caller: Caller): Interceptor {
  return (next) => async (request) => {
    request.contextValues.set(callerKey, caller);
    return await next(request);
  };
}

/**
 * createTestTransport calls routes in memory as `serve` would have them called by this caller: with
 * access, validation and errors, without ports and tokens.
 */
export function createTestTransport(
  routes: Routes,
  { caller, allowedRoles }: { readonly caller: Caller; readonly allowedRoles: AllowedRoles },
): Transport {
  return createRouterTransport(routes, {
    router: {
      interceptors: [createCallInterceptor(), authenticateAs(caller), createValidateInterceptor()],
      requestGate: (context) => assertAllowed(context.method, { caller, allowedRoles }),
    },
  });
}
