import type { JetStreamManager } from "@nats-io/jetstream";
import { isNotFound } from "./is-not-found.ts";

/** Asks the server whether a stream does not exist. Rejects when it does not answer. */
export async function isMissing(api: JetStreamManager, stream: string): Promise<boolean> {
  try {
    await api.streams.info(stream);
    return false;
  } catch (reason) {
    if (isNotFound(reason)) return true;
    throw reason;
  }
}
