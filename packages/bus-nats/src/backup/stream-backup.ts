import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BusError } from "@fanfare/bus";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { createInbox } from "@nats-io/nats-core";
import { openConnection } from "../connection/managed-connection.ts";
import { toBusError } from "../connection/to-bus-error.ts";
import { createDeadline } from "../deadline.ts";
import type { NatsBrokerOptions } from "../nats-options.ts";
import { type Api, type ApiReply, requestApi } from "./request-api.ts";
import { locateStreamFiles, type SavedMessage, type SavedStream } from "./stream-files.ts";

/** The sequence of the last message of each stream, by the name of the stream. */
export type StreamEnds = Readonly<Record<string, number>>;

/**
 * A backup of all streams of an account in three steps, between which the caller saves what the consumers
 * write: positions that are older than the effects, events up to the instant of the effects.
 */
export interface StreamBackup extends AsyncDisposable {
  /** Saves each stream with its consumers and their positions. */
  saveSnapshots(): Promise<void>;
  /** Reads where the streams end at this instant. Rejects when there are others than at the snapshots. */
  readEnds(): Promise<StreamEnds>;
  /** Saves the messages between the snapshots and the ends. */
  saveUntil(ends: StreamEnds): Promise<void>;
}

interface SnapshotReply extends ApiReply, SavedStream {}

/** The longest pause between two parts of a snapshot, in milliseconds. */
const chunkTimeoutMs = 30_000;

/**
 * Connects to NATS, as a user who may call all of JetStream's API, and returns a backup into a folder, which
 * it creates. Rejects with `unavailable` when NATS does not answer within 10 s.
 *
 * @example
 * await using backup = await openStreamBackup({ servers, nkeyFile: "provision.nk" }, "backup/streams");
 * await backup.saveSnapshots();
 * // Here the databases are saved, at an instant at which nothing writes to them.
 * const ends = await backup.readEnds();
 * await backup.saveUntil(ends);
 */
export async function openStreamBackup(
  options: NatsBrokerOptions,
  folder: string,
): Promise<StreamBackup> {
  const connection = openConnection(options);
  const close = () => connection.close(createDeadline(1_000));
  try {
    const client = await connection.connected(createDeadline(10_000));
    const api = { client, prefix: connection.apiPrefix };
    const manager = await jetstreamManager(client, {
      apiPrefix: connection.apiPrefix,
      checkAPI: false,
    });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const saved = new Map<string, number>();
    return {
      async saveSnapshots() {
        for (const name of await listStreams(manager)) {
          const { state } = await saveSnapshot(api, {
            folder,
            name,
            inbox: createInbox(options.inboxPrefix),
          });
          saved.set(name, state.last_seq);
        }
      },
      async readEnds() {
        const ends: Record<string, number> = {};
        for await (const { config, state } of manager.streams.list()) {
          if (!saved.has(config.name)) throw createStreamError("created", config.name);
          ends[config.name] = state.last_seq;
        }
        return ends;
      },
      async saveUntil(ends) {
        for (const [name, after] of saved) {
          const until = ends[name];
          if (until === undefined) throw createStreamError("deleted", name);
          const messages = readMessages(manager, { name, after, until });
          const file = createWriteStream(locateStreamFiles(folder, name).later, { mode: 0o600 });
          await pipeline(Readable.from(formatLines(messages)), file);
        }
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (reason) {
    await close();
    throw toBusError(reason, "cannot back up the streams");
  }
}

function createStreamError(change: string, name: string): BusError {
  return new BusError(
    "unavailable",
    `the stream ${name} was ${change} during the backup: back up again`,
  );
}

async function listStreams(manager: JetStreamManager): Promise<string[]> {
  const names: string[] = [];
  for await (const name of manager.streams.names()) names.push(name);
  return names.toSorted();
}

interface Snapshot {
  readonly folder: string;
  readonly name: string;
  /** The subject that the server sends the snapshot to. */
  readonly inbox: string;
}

async function saveSnapshot(api: Api, { folder, name, inbox }: Snapshot): Promise<SavedStream> {
  const { client } = api;
  const files = locateStreamFiles(folder, name);
  const chunks = client.subscribe(inbox, { timeout: chunkTimeoutMs });
  const request = { deliver_subject: inbox, chunk_size: 131_072, jsck: true };
  const { config, state } = await requestApi<SnapshotReply>(
    api,
    `STREAM.SNAPSHOT.${name}`,
    request,
  );
  async function* receive(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      if (chunk.data.length === 0) {
        const description = chunk.headers?.description ?? "";
        if (chunk.headers?.code === undefined || chunk.headers.code < 300) return;
        throw new BusError("unavailable", `NATS ended the snapshot of ${name}: ${description}`);
      }
      yield chunk.data;
      chunk.respond();
    }
    throw new BusError("unavailable", `the connection ended during the snapshot of ${name}`);
  }
  try {
    await pipeline(Readable.from(receive()), createWriteStream(files.snapshot, { mode: 0o600 }));
  } finally {
    chunks.unsubscribe();
  }
  const saved: SavedStream = { config, state };
  await writeFile(files.description, JSON.stringify(saved), { mode: 0o600 });
  return saved;
}

async function* readMessages(
  manager: JetStreamManager,
  { name, after, until }: { readonly name: string; readonly after: number; readonly until: number },
): AsyncGenerator<SavedMessage> {
  for (let seq = after + 1; seq <= until; seq += 1) {
    const message = await manager.streams.getMessage(name, { seq });
    if (message === null) continue;
    yield {
      seq,
      subject: message.subject,
      headers: Array.from(message.header, ([key, values]) => [key, values] as const),
      data: Buffer.from(message.data).toString("base64"),
    };
  }
}

async function* formatLines(messages: AsyncIterable<SavedMessage>): AsyncGenerator<string> {
  for await (const message of messages) yield `${JSON.stringify(message)}\n`;
}
