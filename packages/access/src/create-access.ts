import { type Access, createTokenVerifier, type TokenVerifierOptions } from "@fanfare/service";
import { allowedRoles } from "./allowed-roles.ts";
import { roles } from "./roles.ts";

/**
 * Creates what `serve` authenticates callers with and authorises them by: tokens of one issuer, and
 * the access option of each method.
 *
 * @example
 * await serve({ ...config, routes, access: createAccess(config), logger });
 */
export function createAccess(options: Omit<TokenVerifierOptions, "roles">): Access {
  return { ...createTokenVerifier({ ...options, roles }), allowedRoles };
}
