import { type Access, createTokenVerifier, type TokenVerifierOptions } from "@fanfare/service";
import { allowedRoles, allowedSubjects } from "./allowed-roles.ts";
import { type CallRates, chooseLimits } from "./choose-limits.ts";
import { roles } from "./roles.ts";

/** A service gets its token as a file, which its operator replaces. In seconds. */
const serviceTokenSeconds = 366 * 86_400;

/**
 * Creates the access rules of a server: it authenticates callers by tokens of one issuer, and
 * authorises them by the access option of each method. A service may call only the methods that name it.
 * It limits the calls of a rider to 50 per second, of an operator to 100, of a service to 5,000, and those of
 * an address without a valid token to 20; `callRates` changes these by role, and by `address`.
 *
 * @example
 * import { serve } from "@fanfare/service";
 *
 * await serve({ ...config, routes, access: createAccess(config), logger });
 */
export function createAccess(
  options: Omit<TokenVerifierOptions, "roles" | "roleLifetimeSeconds"> & {
    readonly callRates?: CallRates;
  },
): Access {
  const roleLifetimeSeconds = { service: serviceTokenSeconds };
  return {
    ...createTokenVerifier({ ...options, roles, roleLifetimeSeconds }),
    allowedRoles,
    allowedSubjects,
    ...chooseLimits(options.callRates),
  };
}
