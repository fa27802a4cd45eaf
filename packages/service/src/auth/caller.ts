import type { ContextKey, ContextValues } from "@connectrpc/connect";
import { Code, ConnectError, createContextKey } from "@connectrpc/connect";

/** The authenticated caller of a method, read from the token. */
export interface Caller {
  /** The token's `role` claim, one of the roles that the verifier accepts. */
  readonly role: string;
  /** The token's `sub` claim: a person's id or a service's name. */
  readonly subject: string;
  /** The token's `exp` claim. A stream ends then. Absent for a caller without a token, as in tests. */
  readonly expiresAt?: Date;
}

/** The context key of a call's caller; undefined for a method that requires none. */
export const callerKey: ContextKey<Caller | undefined> = createContextKey<Caller | undefined>(
  undefined,
  { description: "caller" },
);

/**
 * Returns the caller of the current call. Throws a ConnectError `unauthenticated` when the call has
 * none.
 *
 * @example
 * const routes: Routes = (router) =>
 *   router.service(EchoService, {
 *     say: (request, context) => ({ text: `${getCaller(context).subject}: ${request.text}` }),
 *   });
 */
export function getCaller(context: { readonly values: ContextValues }): Caller {
  const caller = context.values.get(callerKey);
  if (caller !== undefined) return caller;
  throw new ConnectError(
    "the call has no authenticated caller: send a token",
    Code.Unauthenticated,
  );
}
