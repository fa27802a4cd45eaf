import { notify } from "@fanfare/service";
import type { Client } from "@temporalio/client";
import { classifyError } from "./classify-error.ts";
import type { CallOptions, Reply } from "./trip-workflows.ts";

/** Runs requests of Temporal within a timeout and a signal. Never rejects. */
export type TemporalCall = <Outcome>(
  options: CallOptions,
  request: () => Promise<Outcome>,
) => Promise<Reply<Outcome>>;

/**
 * Creates a `TemporalCall` for a client. `onUnavailable` is called with the cause of each call that
 * fails because Temporal is unavailable.
 */
export function createTemporalCall(
  { connection }: Pick<Client, "connection">,
  onUnavailable: (cause: unknown) => void,
): TemporalCall {
  return async <Outcome>(options: CallOptions, request: () => Promise<Outcome>) => {
    const { timeoutMs, signal = new AbortController().signal } = options;
    try {
      signal.throwIfAborted();
      const outcome = await connection.withDeadline(Date.now() + timeoutMs, () =>
        connection.withAbortSignal(signal, request),
      );
      return { kind: "answered", outcome };
    } catch (error) {
      const reply: Reply<Outcome> = signal.aborted ? { kind: "timed-out" } : classifyError(error);
      if (reply.kind === "unavailable") notify(onUnavailable, [reply.cause]);
      return reply;
    }
  };
}
