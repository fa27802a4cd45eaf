import type { Client } from "@temporalio/client";
import { replyOfError } from "./classify-error.ts";
import type { Call, Reply } from "./trip-workflows.ts";

/** Ask does some work with Temporal within the bounds of a call. It never rejects. */
export type Ask = <Outcome>(call: Call, work: () => Promise<Outcome>) => Promise<Reply<Outcome>>;

/** createAsk makes one; `onAway` hears why Temporal cannot do its work. */
export function createAsk(
  { connection }: Pick<Client, "connection">,
  onAway: (cause: unknown) => void,
): Ask {
  return async <Outcome>(call: Call, work: () => Promise<Outcome>): Promise<Reply<Outcome>> => {
    const { timeoutMs, signal = new AbortController().signal } = call;
    try {
      signal.throwIfAborted();
      const outcome = await connection.withDeadline(Date.now() + timeoutMs, () =>
        connection.withAbortSignal(signal, work),
      );
      return { kind: "answered", outcome };
    } catch (error) {
      const reply: Reply<Outcome> = signal.aborted ? { kind: "late" } : replyOfError(error);
      if (reply.kind === "away") onAway(reply.cause);
      return reply;
    }
  };
}
