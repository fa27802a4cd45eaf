import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { createRouterTransport, type Transport } from "@connectrpc/connect";
import { MockActivityEnvironment } from "@temporalio/testing";
import { DefaultLogger } from "@temporalio/worker";

/** The workflow that tested activities belong to. */
export const workflowId = "trip/2f8780ca-332e-4b70-855f-fc4fe612040a";

/** Runs a call with the context of an activity. */
export function runAsActivity<T>(
  call: () => Promise<T>,
  environment = createActivityEnvironment(),
): Promise<T> {
  return environment.run(call);
}

/** Creates a context that a test can cancel. */
export function createActivityEnvironment(): MockActivityEnvironment {
  const logger = new DefaultLogger("ERROR");
  return new MockActivityEnvironment(
    { workflowExecution: { workflowId, runId: "run" } },
    { logger },
  );
}

/** A call that a service received. */
export interface RecordedCall {
  readonly method: string;
  readonly key: string | null;
  readonly request: unknown;
}

/** Creates a service in memory. Its routes call `record` to keep their calls. */
export function createRecordingService(
  routes: (router: ConnectRouter, record: RecordCall) => void,
): {
  readonly transport: Transport;
  readonly calls: RecordedCall[];
} {
  const calls: RecordedCall[] = [];
  const record: RecordCall = (request, context) =>
    void calls.push({
      method: context.method.name,
      key: context.requestHeader.get("idempotency-key"),
      request,
    });
  return { calls, transport: createRouterTransport((router) => routes(router, record)) };
}

type RecordCall = (request: unknown, context: HandlerContext) => void;
