import { searchAttributes } from "@fanfare/trip-contract";
import { Client, Connection } from "@temporalio/client";
import { CliError } from "./cli-error.ts";
import { readStack } from "./running-stack.ts";

/** TemporalAddress is where the trips' workflows are. */
export interface TemporalAddress {
  /** host:port. */
  readonly address: string;
  readonly namespace: string;
}

/** WaitingTrips are the ids of trips that wait for an operator, and whether there are more. */
export interface ParkedTripIds {
  readonly tripIds: readonly string[];
  readonly more: boolean;
}

const callTimeoutMs = 10_000;

/** temporalOf finds Temporal: named in the environment, else that of this checkout's stack. */
export async function findTemporal(env = process.env): Promise<TemporalAddress> {
  const known = env.TEMPORAL_ADDRESS ? env : (await readStack())?.environments["worker"];
  return {
    address: known?.["TEMPORAL_ADDRESS"] ?? "127.0.0.1:7233",
    namespace: known?.["TEMPORAL_NAMESPACE"] ?? "default",
  };
}

/**
 * findWaitingTrips asks Temporal, by search attribute: beside the trips that the registry calls
 * NEEDS_ATTENTION it finds one that is SETTLED while its vehicle waits. Temporal may take a moment to
 * list what has just happened.
 */
export async function findParkedTrips(
  { address, namespace }: TemporalAddress,
  limit: number,
): Promise<ParkedTripIds> {
  const connection = await Connection.connect({ address }).catch((cause: unknown) => {
    throw new CliError(`Temporal does not answer at ${address}: name it in TEMPORAL_ADDRESS`, {
      cause,
    });
  });
  try {
    const { workflow } = new Client({ connection, namespace });
    const query = `${searchAttributes.attention} IS NOT NULL AND ExecutionStatus = "Running"`;
    const tripIds: string[] = [];
    await connection.withDeadline(Date.now() + callTimeoutMs, async () => {
      for await (const { workflowId } of workflow.list({ query, pageSize: limit + 1 })) {
        tripIds.push(workflowId.slice(workflowId.indexOf("/") + 1));
        if (tripIds.length > limit) break;
      }
    });
    return { tripIds: tripIds.slice(0, limit), more: tripIds.length > limit };
  } finally {
    await connection.close();
  }
}
