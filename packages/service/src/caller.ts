import type { ContextKey, ContextValues } from "@connectrpc/connect";
import { Code, ConnectError, createContextKey } from "@connectrpc/connect";

/** CallerRole is what a caller is: a person who drives, one who runs the fleet, or a process. */
export type CallerRole = "rider" | "operator" | "service";

/** Caller is who makes a call, as their token says. */
export interface Caller {
  readonly role: CallerRole;
  /** The rider's id, the operator's name or the service's name. */
  readonly subject: string;
}

/** callerKey holds the caller of a call; it is undefined in a call that needs none. */
export const callerKey: ContextKey<Caller | undefined> = createContextKey<Caller | undefined>(
  undefined,
  { description: "caller" },
);

/** getCaller returns who makes the call, or throws a ConnectError unauthenticated. */
export function getCaller(context: { readonly values: ContextValues }): Caller {
  const caller = context.values.get(callerKey);
  if (caller !== undefined) return caller;
  throw new ConnectError("nobody is known to make this call", Code.Unauthenticated);
}
