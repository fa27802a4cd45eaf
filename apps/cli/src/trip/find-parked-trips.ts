import { searchAttributes } from "@fanfare/trip-contract";
import { unreadPayloads } from "@fanfare/trip-contract/payloads";
import { Client } from "@temporalio/client";
import { CliError } from "../cli-error.ts";
import { connectTemporal } from "../connect-temporal.ts";
import { readStack } from "../stack/running-stack.ts";

/** The Temporal server and namespace of the trips' workflows. */
export interface TemporalAddress {
  /** host:port. */
  readonly address: string;
  readonly namespace: string;
}

/** The ids of parked trips, and whether there are more. */
export interface ParkedTripIds {
  readonly tripIds: readonly string[];
  readonly more: boolean;
}

const callTimeoutMs = 10_000;

/** Returns the address of Temporal from TEMPORAL_ADDRESS, else of this checkout's stack. */
export async function findTemporal(env = process.env): Promise<TemporalAddress> {
  const known = env.TEMPORAL_ADDRESS ? env : (await readStack())?.environments["worker"];
  return {
    address: known?.["TEMPORAL_ADDRESS"] ?? "127.0.0.1:7233",
    namespace: known?.["TEMPORAL_NAMESPACE"] ?? "default",
  };
}

/**
 * Finds the parked trips with a search attribute in Temporal. Unlike the status NEEDS_ATTENTION of the
 * registry, that includes a trip that is SETTLED while the release of its vehicle is parked. Temporal
 * lists a change after a short delay.
 */
export async function findParkedTrips(
  { address, namespace }: TemporalAddress,
  limit: number,
): Promise<ParkedTripIds> {
  const connection = await connectTemporal(address).catch((cause: unknown) => {
    throw new CliError(
      `Temporal does not answer at ${address}: set TEMPORAL_ADDRESS to its address`,
      {
        cause,
      },
    );
  });
  try {
    const { workflow } = new Client({ connection, namespace, dataConverter: unreadPayloads });
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
