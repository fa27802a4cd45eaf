import {
  type Access,
  createMultiIssuerVerifier,
  createTokenVerifier,
  type TokenVerifierOptions,
} from "@fanfare/service";
import { allowedRoles, allowedSubjects } from "./allowed-roles.ts";
import { type CallRates, chooseLimits } from "./choose-limits.ts";
import { roles } from "./roles.ts";

/** The longest life of a token that a service signs itself, in seconds. */
const serviceTokenSeconds = 600;

/** The tokens and the calls that a server accepts. */
export interface AccessOptions
  extends Omit<TokenVerifierOptions, "roles" | "roleAudiences" | "findKeySubject"> {
  /** The name of this service: the audience of every token with the role `service`. */
  readonly name: string;
  /** The key set of the services that sign their own tokens. Default: `issuer` signs all tokens. */
  readonly serviceJwks?: string | undefined;
  /** The issuer of the tokens that services sign. Default: `services`. */
  readonly serviceIssuer?: string;
  readonly callRates?: CallRates;
}

/**
 * Creates the access rules of a server: it authenticates callers by tokens, and authorises them by the access
 * option of each method. A service may call only the methods that name it, with a token whose audience is
 * the name of this server. The keys of `serviceJwks` sign tokens of the role `service` alone, each for the
 * service that its key id names (`worker.<random>`), and for 10 minutes at most.
 *
 * It limits the calls of a rider to 50 per second, of an operator to 100, of a service to 5,000, and those of
 * an address without a valid token to 20; `callRates` changes these by role, and by `address`.
 *
 * @example
 * import { serve } from "@fanfare/service";
 *
 * const access = createAccess({ ...config, name: "fleet" });
 * await serve({ ...config, routes, access, logger });
 */
export function createAccess(options: AccessOptions): Access {
  return {
    ...createVerifier(options),
    allowedRoles,
    allowedSubjects,
    ...chooseLimits(options.callRates),
  };
}

function createVerifier({ name, serviceJwks, serviceIssuer = "services", ...rest }: AccessOptions) {
  const main = { ...rest, roles, roleAudiences: { service: name } };
  if (serviceJwks === undefined) return createTokenVerifier(main);
  return createMultiIssuerVerifier([
    main,
    {
      jwks: serviceJwks,
      issuer: serviceIssuer,
      audience: name,
      roles: ["service"],
      findKeySubject: (keyId) => /^(.+)\.[^.]+$/.exec(keyId)?.[1],
      maxLifetimeSeconds: serviceTokenSeconds,
      leewaySeconds: rest.leewaySeconds,
    },
  ]);
}
