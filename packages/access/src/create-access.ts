import { type Access, createTokenVerifier, type TokenVerifierOptions } from "@fanfare/service";
import { allowedRoles, allowedSubjects } from "./allowed-roles.ts";
import { roles } from "./roles.ts";

/** A service gets its token as a file, which its operator replaces. In seconds. */
const serviceTokenSeconds = 366 * 86_400;

/**
 * Creates the access rules of a server: it authenticates callers by tokens of one issuer, and
 * authorises them by the access option of each method. A service may call only the methods that name it.
 *
 * @example
 * import { serve } from "@fanfare/service";
 *
 * await serve({ ...config, routes, access: createAccess(config), logger });
 */
export function createAccess(
  options: Omit<TokenVerifierOptions, "roles" | "roleLifetimeSeconds">,
): Access {
  const roleLifetimeSeconds = { service: serviceTokenSeconds };
  const verifier = createTokenVerifier({ ...options, roles, roleLifetimeSeconds });
  return { ...verifier, allowedRoles, allowedSubjects };
}
