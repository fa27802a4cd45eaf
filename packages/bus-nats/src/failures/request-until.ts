import { BusError } from "@fanfare/bus";
import { JetStreamApiCodes } from "@nats-io/jetstream";
import type { Msg } from "@nats-io/nats-core";
import { computeReplyTimeout, computeRetryDelay } from "../connection/compute-retry-delay.ts";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import type { RequestMessage, RequestMux } from "../connection/request-mux.ts";
import { hasNoResponders, isTransient, readApiCode } from "../connection/to-bus-error.ts";
import { type Deadline, pauseUntil } from "../deadline.ts";

/** A request, and how its reply is read. */
export interface ParsedRequest<T> {
  readonly message: RequestMessage;
  /** Returns the result, or the error that the reply reports. */
  readonly parse: (reply: Msg) => T | BusError;
  /** Rejects when nothing receives the request, instead of requesting again. Default: false. */
  readonly isOnce?: boolean;
}

/**
 * Requests until there is a reply that is no transient failure, or until the deadline. Resolves to
 * undefined when the stream has another last sequence than the request expects: also when the reply to
 * an earlier copy of it was lost.
 */
export async function requestUntil<T>(
  {
    connection,
    requests,
  }: { readonly connection: ManagedConnection; readonly requests: RequestMux },
  { message, parse, isOnce = false }: ParsedRequest<T>,
  deadline: Deadline,
): Promise<T | undefined> {
  for (let failures = 1; ; failures += 1) {
    const error = await requestOnce(computeReplyTimeout(failures));
    if (!(error instanceof BusError)) return error;
    if (isWrongSequence(error)) return undefined;
    if (isOnce && hasNoResponders(error)) throw error;
    if (!isTransient(error) || performance.now() >= deadline.at) throw error;
    await pauseUntil(computeRetryDelay(failures), deadline);
  }

  async function requestOnce(replyTimeoutMs: number): Promise<T | BusError> {
    try {
      const client = await connection.connected(deadline);
      return parse(await requests.request(client, message, { ...deadline, replyTimeoutMs }));
    } catch (reason) {
      return BusError.from(reason);
    }
  }
}

function isWrongSequence(error: BusError): boolean {
  const code = readApiCode(error);
  return (
    code === JetStreamApiCodes.StreamWrongLastSequence ||
    code === JetStreamApiCodes.StreamWrongLastSequenceUnknown
  );
}
