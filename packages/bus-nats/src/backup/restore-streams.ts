import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { headers } from "@nats-io/nats-core";
import { toBusError } from "../connection/to-bus-error.ts";
import { withConnection } from "../connection/with-connection.ts";
import type { NatsBrokerOptions } from "../nats-options.ts";
import { type Api, type ApiReply, requestApi, sendChunk } from "./request-api.ts";
import {
  descriptionSuffix,
  locateStreamFiles,
  type SavedMessage,
  type SavedStream,
} from "./stream-files.ts";

interface RestoreReply extends ApiReply {
  readonly deliver_subject: string;
}

/**
 * Restores the streams of a backup on a server that has none of them, with their consumers and positions,
 * and resolves to their names. Rejects with what the server refuses; a stream that exists is one such thing.
 *
 * @example
 * const names = await restoreStreams({ servers, nkeyFile: "provision.nk" }, "backup/streams");
 * console.log(names); // ["fanfare_trips_completed", …]
 */
export async function restoreStreams(
  options: NatsBrokerOptions,
  folder: string,
  { timeoutMs = 600_000 }: { readonly timeoutMs?: number } = {},
): Promise<readonly string[]> {
  const entries = await readdir(folder);
  const names = entries
    .filter((name) => name.endsWith(descriptionSuffix))
    .map((name) => name.slice(0, -descriptionSuffix.length));
  return await withConnection(options, timeoutMs, async (connection, deadline) => {
    const client = await connection.connected(deadline);
    const api = { client, prefix: connection.apiPrefix };
    try {
      for (const name of names) {
        await restoreSnapshot(api, { folder, name });
        await restoreLater(api, { folder, name });
      }
    } catch (reason) {
      throw toBusError(reason, "cannot restore the streams");
    }
    return names;
  });
}

interface Stream {
  readonly folder: string;
  readonly name: string;
}

async function restoreSnapshot(api: Api, { folder, name }: Stream): Promise<void> {
  const files = locateStreamFiles(folder, name);
  const saved: SavedStream = JSON.parse(await readFile(files.description, "utf8"));
  const path = `STREAM.RESTORE.${name}`;
  const { deliver_subject: subject } = await requestApi<RestoreReply>(api, path, saved);
  for await (const chunk of createReadStream(files.snapshot, { highWaterMark: 131_072 })) {
    await sendChunk(api, subject, chunk);
  }
  await sendChunk(api, subject, new Uint8Array());
}

/** Appends the messages that are not in the snapshot. */
async function restoreLater({ client, prefix }: Api, { folder, name }: Stream): Promise<void> {
  const { later } = locateStreamFiles(folder, name);
  const manager = await jetstreamManager(client, { apiPrefix: prefix, checkAPI: false });
  const stream = jetstream(client, { apiPrefix: prefix });
  const { state } = await manager.streams.info(name);
  for await (const line of createInterface({ input: createReadStream(later) })) {
    const { seq, subject, headers: pairs, data }: SavedMessage = JSON.parse(line);
    if (seq <= state.last_seq) continue;
    const all = headers();
    // A condition of the first publish is met no more.
    const kept = pairs.filter(([key]) => !key.startsWith("Nats-Expected"));
    for (const [key, values] of kept) for (const value of values) all.append(key, value);
    await stream.publish(subject, Buffer.from(data, "base64"), { headers: all, timeout: 30_000 });
  }
}
