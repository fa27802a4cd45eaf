import type { DescMethod } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Caller } from "./caller.ts";
import { callerKey } from "./caller.ts";
import type { TokenVerifier } from "./token-verifier.ts";

/** Returns the roles that may call a method; an empty list allows nobody. */
export type AllowedRoles = (method: DescMethod) => readonly string[];

/** Authenticates callers, and states which of their roles may call which method. */
export interface Access extends TokenVerifier {
  readonly allowedRoles: AllowedRoles;
}

/** Runs before a call's body is read. Throws to refuse the call. */
export type RequestGate = (context: HandlerContext) => Promise<void>;

/**
 * Creates the gate that every call passes. It verifies the bearer token, stores the caller under
 * `callerKey`, and refuses with `unauthenticated`, or with `permission_denied` when the method does
 * not allow the caller's role.
 */
export function createAccessGate(access: Access): RequestGate {
  return async (context) => {
    const caller = await access.verify(readBearerToken(context.requestHeader));
    context.values.set(callerKey, caller);
    assertAllowed(context.method, { caller, allowedRoles: access.allowedRoles });
  };
}

/** Throws a ConnectError `permission_denied` unless the caller may call the method. */
export function assertAllowed(
  method: DescMethod,
  { caller, allowedRoles }: { readonly caller: Caller; readonly allowedRoles: AllowedRoles },
): void {
  const name = `${method.parent.typeName}/${method.name}`;
  const roles = allowedRoles(method);
  if (roles.length === 0) {
    throw new ConnectError(
      `${name} cannot be called: no role is allowed to; name its roles in proto`,
      Code.PermissionDenied,
    );
  }
  if (!roles.includes(caller.role)) {
    throw new ConnectError(
      `${name} requires the role ${roles.join(" or ")}: the token has the role ${caller.role}`,
      Code.PermissionDenied,
    );
  }
}

function readBearerToken(headers: Headers): string {
  const token = /^bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (token !== undefined) return token;
  throw new ConnectError(
    'missing token: send one in the header "authorization: Bearer <token>"',
    Code.Unauthenticated,
  );
}
