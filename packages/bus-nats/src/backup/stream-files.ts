import { join } from "node:path";
import type { StreamConfig, StreamState } from "@nats-io/jetstream";

/** What a backup knows of a stream, beside its snapshot. */
export interface SavedStream {
  readonly config: StreamConfig;
  readonly state: StreamState;
}

/** A message that was stored after the snapshot of its stream, and before the cut. */
export interface SavedMessage {
  readonly seq: number;
  readonly subject: string;
  readonly headers: readonly (readonly [string, readonly string[]])[];
  /** In base64. */
  readonly data: string;
}

/** The files of a stream in the folder of a backup. */
export interface StreamFiles {
  /** A {@link SavedStream}. */
  readonly description: string;
  /** The snapshot of the server, with the consumers and their positions. */
  readonly snapshot: string;
  /** A {@link SavedMessage} on each line. */
  readonly later: string;
}

/** The end of the name of each description. */
export const descriptionSuffix = ".stream.json";

/** Returns where the files of a stream are. */
export function locateStreamFiles(folder: string, stream: string): StreamFiles {
  return {
    description: join(folder, `${stream}${descriptionSuffix}`),
    snapshot: join(folder, `${stream}.snapshot`),
    later: join(folder, `${stream}.later.jsonl`),
  };
}
