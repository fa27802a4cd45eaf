import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { getOption, hasOption } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Caller, CallerRole } from "./caller.ts";
import { callerKey } from "./caller.ts";
import { access, Role } from "./gen/fanfare/access/v1/options_pb.ts";
import type { TokenVerifier } from "./token-verifier.ts";

const roleNames: ReadonlyMap<Role, CallerRole> = new Map<Role, CallerRole>([
  [Role.RIDER, "rider"],
  [Role.OPERATOR, "operator"],
  [Role.SERVICE, "service"],
]);

/** RequestGate decides on a call before its body is read: it throws to refuse. */
export type RequestGate = (context: HandlerContext) => Promise<void>;

/**
 * createAccessGate makes the gate that every call passes: it makes the caller from the bearer token,
 * keeps it under `callerKey`, and refuses with unauthenticated, or with permission_denied when the
 * method's access option does not name the caller's role.
 */
export function createAccessGate(verifier: TokenVerifier): RequestGate {
  return async (context) => {
    const caller = await verifier.verify(bearerToken(context.requestHeader));
    context.values.set(callerKey, caller);
    assertAllowed(context.method, caller);
  };
}

/** assertAllowed throws a ConnectError permission_denied unless the caller may call the method. */
export function assertAllowed(method: DescMethod, caller: Caller): void {
  const name = `${method.parent.typeName}/${method.name}`;
  const roles = allowedRoles(method);
  if (roles.length === 0) {
    throw new ConnectError(
      `${name} cannot be called: its proto does not say who may (option fanfare.access.v1.access)`,
      Code.PermissionDenied,
    );
  }
  if (!roles.includes(caller.role)) {
    throw new ConnectError(
      `${name} is for ${roles.join(" and ")}: your token's role is ${caller.role}`,
      Code.PermissionDenied,
    );
  }
}

/** allowedRoles lists the roles that a method's access option names; none without the option. */
export function allowedRoles(method: DescMethod): CallerRole[] {
  if (!hasOption(method, access)) return [];
  return getOption(method, access).roles.flatMap((role) => roleNames.get(role) ?? []);
}

/** findUnguardedMethods names the methods of the services that nobody may call. */
export function findUnguardedMethods(services: readonly DescService[]): string[] {
  return services
    .flatMap((service) => service.methods)
    .filter((method) => allowedRoles(method).length === 0)
    .map((method) => `${method.parent.typeName}/${method.name}`);
}

function bearerToken(headers: Headers): string {
  const token = /^bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (token !== undefined) return token;
  throw new ConnectError(
    'no token: send one in the header "authorization: Bearer <token>"',
    Code.Unauthenticated,
  );
}
