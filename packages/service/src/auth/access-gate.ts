import type { DescMethod } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import type { CallLimiter } from "../limits/call-limiter.ts";
import type { CallerLimits } from "../limits/caller-limits.ts";
import type { Caller } from "./caller.ts";
import { callerKey } from "./caller.ts";
import type { TokenVerifier } from "./token-verifier.ts";

/** Returns the roles that may call a method; an empty list allows nobody. */
export type AllowedRoles = (method: DescMethod) => readonly string[];

/**
 * Returns the subjects that may call a method with a role, such as the names of services; undefined when every
 * subject with the role may.
 */
export type AllowedSubjects = (method: DescMethod, role: string) => readonly string[] | undefined;

/** States which callers may call which method. */
export interface AccessPolicy {
  readonly allowedRoles: AllowedRoles;
  /** Default: every subject that has an allowed role. */
  readonly allowedSubjects?: AllowedSubjects;
}

/** Authenticates callers, and states which of them may call which method, and how often. */
export interface Access extends TokenVerifier, AccessPolicy {
  /** Returns the limits of a caller. Default: 100 calls per second, 100 in flight, 100 streams. */
  readonly limits?: (caller: Caller) => CallerLimits;
  /** The limits of an address, for calls without a valid token. Default: 20 calls per second. */
  readonly anonymousLimits?: CallerLimits;
}

/** Runs before a call's body is read. Throws to refuse the call. */
export type RequestGate = (context: HandlerContext) => Promise<void>;

/**
 * Creates the gate that every call passes. It verifies the bearer token, stores the caller under
 * `callerKey`, and refuses with `unauthenticated`, with `resource_exhausted` over the limits of the caller
 * or, without a valid token, of its address, or with `permission_denied` when the method does not allow the
 * caller's role or the caller. The limit of an address never applies to a valid token, so a caller without one
 * cannot block others behind the same address.
 */
export function createAccessGate(access: Access, limiter: CallLimiter): RequestGate {
  async function authenticate(context: HandlerContext): Promise<Caller> {
    try {
      return await access.verify(readBearerToken(context.requestHeader));
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unauthenticated) limiter.countAnonymous(context);
      throw error;
    }
  }
  return async (context) => {
    const caller = await authenticate(context);
    context.values.set(callerKey, caller);
    limiter.admit(context, caller);
    assertAllowed(context.method, caller, access);
  };
}

/** Throws a ConnectError `permission_denied` unless the caller may call the method. */
export function assertAllowed(
  method: DescMethod,
  caller: Caller,
  { allowedRoles, allowedSubjects }: AccessPolicy,
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
  const subjects = allowedSubjects?.(method, caller.role);
  if (subjects !== undefined && !subjects.includes(caller.subject)) {
    throw new ConnectError(
      `${name} cannot be called by the ${caller.role} ${caller.subject}: name it as a caller in proto`,
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
