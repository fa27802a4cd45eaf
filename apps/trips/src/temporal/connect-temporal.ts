import type { TemporalSettings } from "@fanfare/trip-contract/temporal";
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from "@temporalio/client";
import type { DataConverter } from "@temporalio/common";
import { createRotatingConnection } from "./rotating-connection.ts";

/** A connection to Temporal that opens on first use and reconnects when it is lost. */
export interface TemporalConnection {
  readonly client: Client;
  /** Rejects with the reason while Temporal or the namespace cannot be used. */
  assertReady(): Promise<void>;
  close(): Promise<void>;
}

const readyTimeoutMs = 2_000;

/**
 * Creates the connection without waiting for the server, which may start later and restart. A call that
 * finds no server fails within a second. Changed settings apply to the calls that follow.
 */
export function connectTemporal(
  readSettings: () => TemporalSettings,
  /** Converts payloads. Default: they are plain JSON. */
  { dataConverter }: { readonly dataConverter?: DataConverter } = {},
): TemporalConnection {
  const { namespace } = readSettings();
  const connection = createRotatingConnection(readSettings, openConnection);
  return {
    client: new Client({ connection, namespace, ...(dataConverter && { dataConverter }) }),
    async assertReady() {
      await connection.withDeadline(Date.now() + readyTimeoutMs, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
    },
    close: () => connection.close(),
  };
}

function openConnection(settings: TemporalSettings): Connection {
  return Connection.lazy({
    ...settings,
    channelArgs: {
      "grpc.initial_reconnect_backoff_ms": 200,
      "grpc.max_reconnect_backoff_ms": 2_000,
    },
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 3 }))],
  });
}
