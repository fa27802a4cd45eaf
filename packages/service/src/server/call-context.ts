import { type ContextKey, createContextKey } from "@connectrpc/connect";

/** The context key of the address from which a call comes. */
export const addressKey: ContextKey<string> = createContextKey("", { description: "address" });

/** The context key of a signal that aborts when the response of a call is closed. */
export const closedKey: ContextKey<AbortSignal> = createContextKey(AbortSignal.abort(), {
  description: "closed",
});
