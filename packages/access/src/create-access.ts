import { type Access, createTokenVerifier, type TokenVerifierOptions } from "@fanfare/service";
import { allowedRoles, allowedSubjects } from "./allowed-roles.ts";
import { roles } from "./roles.ts";

/**
 * Creates the access rules of a server: it authenticates callers by tokens of one issuer, and
 * authorises them by the access option of each method. A service may call only the methods that name it.
 *
 * @example
 * import { serve } from "@fanfare/service";
 *
 * await serve({ ...config, routes, access: createAccess(config), logger });
 */
export function createAccess(options: Omit<TokenVerifierOptions, "roles">): Access {
  return { ...createTokenVerifier({ ...options, roles }), allowedRoles, allowedSubjects };
}
