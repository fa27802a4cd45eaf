import { access, rename } from "node:fs/promises";
import { join } from "node:path";

/**
 * Moves the streams of a server that had no accounts to the account of the streams, in the folder of a server
 * that is stopped. Does nothing where that account has streams.
 *
 * @example
 * await adoptStreams(".fanfare/data/nats/store");
 */
export async function adoptStreams(storeFolder: string): Promise<void> {
  const from = join(storeFolder, "jetstream", "$G");
  const to = join(storeFolder, "jetstream", "fanfare");
  if ((await exists(from)) && !(await exists(to))) await rename(from, to);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
