import { searchAttributes } from "@fanfare/trip-contract";
import { unreadPayloads } from "@fanfare/trip-contract/payloads";
import { readTemporalSettings, type TemporalSettings } from "@fanfare/trip-contract/temporal";
import { Client } from "@temporalio/client";
import { CliError } from "../cli-error.ts";
import { connectTemporal } from "../connect-temporal.ts";
import { readStack } from "../stack/running-stack.ts";

/** The ids of parked trips, and whether there are more. */
export interface ParkedTripIds {
  readonly tripIds: readonly string[];
  readonly more: boolean;
}

const callTimeoutMs = 10_000;

/**
 * Returns the settings of Temporal from the environment, when TEMPORAL_ADDRESS or a profile is set, else
 * those of this checkout's stack.
 */
export async function findTemporal(env = process.env): Promise<TemporalSettings> {
  const named = env.TEMPORAL_ADDRESS || env.TEMPORAL_CONFIG_FILE || env.TEMPORAL_PROFILE;
  const stack = named ? undefined : (await readStack())?.environments["worker"];
  return readTemporalSettings(stack ?? env);
}

/**
 * Finds the parked trips with a search attribute in Temporal. Unlike the status NEEDS_ATTENTION of the
 * registry, that includes a trip that is SETTLED while the release of its vehicle is parked. Temporal
 * lists a change after a short delay.
 */
export async function findParkedTrips(
  settings: TemporalSettings,
  limit: number,
): Promise<ParkedTripIds> {
  const connection = await connectTemporal(settings).catch((cause: unknown) => {
    throw new CliError(
      `Temporal does not answer at ${settings.address}: set TEMPORAL_ADDRESS to its address`,
      {
        cause,
      },
    );
  });
  try {
    const { namespace } = settings;
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
