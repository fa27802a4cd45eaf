import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from "@temporalio/client";

/** Temporal is a client that connects when it is used, and again when the connection is lost. */
export interface Temporal {
  readonly client: Client;
  /** ready rejects with the reason while Temporal or the namespace cannot be used. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

const readyTimeoutMs = 2_000;

/**
 * openTemporal returns at once: the server may come later, go away and come back. A call that finds
 * nobody fails within a second, so that its caller can be told.
 */
export function openTemporal(options: { address: string; namespace: string }): Temporal {
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
    async ready() {
      await connection.withDeadline(Date.now() + readyTimeoutMs, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
    },
    close: () => connection.close(),
  };
}
