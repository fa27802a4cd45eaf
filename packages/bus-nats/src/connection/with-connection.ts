import { createDeadline, type Deadline } from "../deadline.ts";
import type { NatsBrokerOptions } from "../nats-options.ts";
import { type ManagedConnection, openConnection } from "./managed-connection.ts";

/** How long closing may take once the work is done, in milliseconds. */
const closeTimeoutMs = 1_000;

/** Opens a connection, runs a task with it, and closes it whatever the task does. */
export async function withConnection<T>(
  options: NatsBrokerOptions,
  timeoutMs: number,
  task: (connection: ManagedConnection, deadline: Deadline) => Promise<T>,
): Promise<T> {
  const deadline = createDeadline(timeoutMs);
  const connection = openConnection(options);
  try {
    return await task(connection, deadline);
  } finally {
    await connection.close(createDeadline(closeTimeoutMs));
  }
}
