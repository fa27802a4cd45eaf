import type { TemporalSettings } from "@fanfare/trip-contract/temporal";
import { Connection } from "@temporalio/client";

/**
 * Connects to Temporal. Rejects when it does not answer within `timeoutMs` (default: 10,000), and closes
 * the connection then, which `Connection.connect` leaves open.
 */
export async function connectTemporal(
  settings: TemporalSettings,
  { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {},
): Promise<Connection> {
  const connection = Connection.lazy({ ...settings, connectTimeout: timeoutMs });
  try {
    await connection.ensureConnected();
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}
