import { BusError } from "@fanfare/bus";
import {
  type JetStreamManager,
  jetstreamManager,
  type StoredMsg,
  type StreamState,
} from "@nats-io/jetstream";
import { isNotFound } from "../connection/is-not-found.ts";
import { openConnection } from "../connection/managed-connection.ts";
import { toBusError } from "../connection/to-bus-error.ts";
import { createDeadline } from "../deadline.ts";
import type { NatsBrokerOptions } from "../nats-options.ts";

/** A stored message, as its stream has it. */
export interface StreamMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly headers: readonly (readonly [name: string, values: readonly string[]])[];
  readonly data: Uint8Array;
}

/** A reader of all streams of an account: those of topics, of dead letters, of failures, and any other. */
export interface StreamReader extends AsyncDisposable {
  /** Returns the names of the streams, sorted. */
  list(): Promise<string[]>;
  /** Reads the messages that a stream has now, the oldest first, some at a time. */
  read(stream: string): AsyncIterable<StreamMessage>;
}

/** The most messages, and bytes, that are read at once. */
const batch = { batch: 256, max_bytes: 4 * 2 ** 20 };

/**
 * Connects to NATS, as a user who may call all of JetStream's API, and returns a reader of its streams, which changes
 * none. Rejects with `unavailable` when NATS does not answer within 10 s.
 *
 * @example
 * await using reader = await openStreamReader({ servers, nkeyFile: "provision.nk" });
 * for (const stream of await reader.list()) {
 *   for await (const { subject, data } of reader.read(stream)) console.log(subject, data.length);
 * }
 */
export async function openStreamReader(options: NatsBrokerOptions): Promise<StreamReader> {
  const connection = openConnection(options);
  const close = () => connection.close(createDeadline(1_000));
  try {
    const client = await connection.connected(createDeadline(10_000));
    const { apiPrefix } = connection;
    const manager = await jetstreamManager(client, { apiPrefix, checkAPI: false });
    return {
      async list() {
        const names: string[] = [];
        for await (const name of manager.streams.names()) names.push(name);
        return names.toSorted();
      },
      async *read(stream) {
        for await (const message of readMessages(manager, stream)) {
          yield {
            sequence: message.seq,
            subject: message.subject,
            headers: Array.from(message.header),
            data: message.data,
          };
        }
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (reason) {
    await close();
    throw toBusError(reason, "cannot read the streams");
  }
}

async function* readMessages(manager: JetStreamManager, stream: string): AsyncGenerator<StoredMsg> {
  const { config, state } = await manager.streams.info(stream);
  if (state.messages === 0) return;
  if (config.allow_direct) {
    yield* readBatches(manager, stream, state);
    return;
  }
  for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
    const message = await manager.streams.getMessage(stream, { seq });
    if (message !== null) yield message;
  }
}

async function* readBatches(
  { direct }: JetStreamManager,
  stream: string,
  { first_seq, last_seq }: StreamState,
): AsyncGenerator<StoredMsg> {
  for (let seq = first_seq; seq <= last_seq; ) {
    const messages: StoredMsg[] = [];
    try {
      for await (const message of await direct.getBatch(stream, { seq, ...batch })) {
        messages.push(message);
      }
    } catch (reason) {
      // Those that are left were removed.
      if (isNotFound(reason)) return;
      throw reason;
    }
    const last = messages.at(-1);
    if (last === undefined) {
      throw new BusError("unavailable", `NATS sent no message of ${stream} from ${seq} on`);
    }
    yield* messages.filter((message) => message.seq <= last_seq);
    seq = last.seq + 1;
  }
}
