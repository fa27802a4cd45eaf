import { isDeepStrictEqual } from "node:util";
import { pause } from "@fanfare/bus/kit";
import type { TemporalSettings } from "@fanfare/trip-contract/temporal";
import { NativeConnection, type Worker } from "@temporalio/worker";

const intervalMs = 1_000;

/** The worker whose connection is replaced, and when that ends. */
export interface RotationOptions {
  readonly worker: Pick<Worker, "connection">;
  /** The settings with which the worker has connected. */
  readonly settings: TemporalSettings;
  readonly readSettings: () => TemporalSettings;
  readonly signal: AbortSignal;
  /** Called with the reason when the connection cannot be replaced; it is tried again. */
  readonly onError: (error: unknown) => void;
}

/** Connects to Temporal. Rejects when it does not answer. */
export async function connectWorker(settings: TemporalSettings): Promise<NativeConnection> {
  return await NativeConnection.connect(settings);
}

/**
 * Replaces the connection of a running worker whenever the settings change, such as a certificate that
 * was rotated. The tasks go on. Resolves when the signal aborts.
 */
export async function rotateConnection(options: RotationOptions): Promise<void> {
  const { worker, readSettings, signal } = options;
  let { settings } = options;
  while (!signal.aborted) {
    await pause(intervalMs, signal);
    const latest = readSettings();
    if (signal.aborted || isDeepStrictEqual(latest, settings)) continue;
    try {
      const connection = await connectWorker(latest);
      if (signal.aborted) return await connection.close();
      const previous = worker.connection;
      worker.connection = connection;
      settings = latest;
      await previous?.close();
    } catch (error) {
      options.onError(error);
    }
  }
}
