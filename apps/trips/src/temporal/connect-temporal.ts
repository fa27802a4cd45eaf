import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from "@temporalio/client";

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
}): TemporalConnection {
  const { address, namespace } = options;
  const connection = Connection.lazy({
    address,
    channelArgs: {
      "grpc.initial_reconnect_backoff_ms": 200,
      "grpc.max_reconnect_backoff_ms": 2_000,
    },
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 3 }))],
  });
  return {
    client: new Client({ connection, namespace }),
    async assertReady() {
      await connection.withDeadline(Date.now() + readyTimeoutMs, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
    },
    close: () => connection.close(),
  };
}
