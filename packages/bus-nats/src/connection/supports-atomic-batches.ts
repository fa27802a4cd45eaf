import type { NatsConnection } from "@nats-io/nats-core";

/** The most messages that a server stores as one atomic batch. */
export const maxAtomicBatch = 1_000;

/** Returns whether the server stores atomic batches: nats-server 2.12 and newer. */
export function supportsAtomicBatches(client: Pick<NatsConnection, "info"> | undefined): boolean {
  const [major = 0, minor = 0] = (client?.info?.version ?? "").split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 12);
}
