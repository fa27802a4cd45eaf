import type { NatsConnection } from "@nats-io/nats-core";

/** maxBatch is how many messages servers take all or none. */
export const maxBatch = 1_000;

/** takesBatches says whether a server stores messages all or none: from 2.12 on. */
export function takesBatches(connection: Pick<NatsConnection, "info"> | undefined): boolean {
  const [major = 0, minor = 0] = (connection?.info?.version ?? "").split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 12);
}
