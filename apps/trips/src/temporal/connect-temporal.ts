import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from "@temporalio/client";
import type { DataConverter } from "@temporalio/common";

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
 * finds no server fails within a second.
 */
export function connectTemporal(options: {
  readonly address: string;
  readonly namespace: string;
  /** Converts payloads. Default: they are plain JSON. */
  readonly dataConverter?: DataConverter;
}): TemporalConnection {
  const { address, namespace, dataConverter } = options;
  const connection = Connection.lazy({
    address,
    channelArgs: {
      "grpc.initial_reconnect_backoff_ms": 200,
      "grpc.max_reconnect_backoff_ms": 2_000,
    },
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 3 }))],
  });
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
