import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { createRouterTransport, type Transport } from "@connectrpc/connect";
import { MockActivityEnvironment } from "@temporalio/testing";
import { DefaultLogger } from "@temporalio/worker";

/** The workflow that activities under test belong to. */
export const workflowId = "trip/2f8780ca-332e-4b70-855f-fc4fe612040a";

/** asActivity runs a call as Temporal would run it: with the context of an activity. */
export function asActivity<T>(
  call: () => Promise<T>,
  environment = activityEnvironment(),
): Promise<T> {
  return environment.run(call);
}

/** activityEnvironment makes a context that a test can cancel. */
export function activityEnvironment(): MockActivityEnvironment {
  const logger = new DefaultLogger("ERROR");
  return new MockActivityEnvironment(
    { workflowExecution: { workflowId, runId: "run" } },
    { logger },
  );
}

/** Heard is what a service was asked. */
export interface Heard {
  readonly method: string;
  readonly key: string | null;
  readonly request: unknown;
}

/** createEar makes routes that write down what they are asked before they answer. */
export function createEar(routes: (router: ConnectRouter, hear: Hear) => void): {
  readonly transport: Transport;
  readonly heard: Heard[];
} {
  const heard: Heard[] = [];
  const hear: Hear = (request, context) =>
    void heard.push({
      method: context.method.name,
      key: context.requestHeader.get("idempotency-key"),
      request,
    });
  return { heard, transport: createRouterTransport((router) => routes(router, hear)) };
}

type Hear = (request: unknown, context: HandlerContext) => void;
