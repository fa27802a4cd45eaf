import { waitUntil } from "@fanfare/dev-stack";
import {
  findMissingAttributes,
  isPermissionDenied,
  type TemporalSettings,
} from "@fanfare/trip-contract/temporal";
import { type Connection, isGrpcServiceError } from "@temporalio/client";
import { msToTs } from "@temporalio/common/lib/time.js";
import { CliError } from "../cli-error.ts";
import { connectTemporal } from "../connect-temporal.ts";
import { searchAttributeTypes } from "./search-attributes.ts";

const keyword = 2;

const codes = { NOT_FOUND: 5, ALREADY_EXISTS: 6, UNAVAILABLE: 14 };

/** The codes of a server that has just started, or that does not know a new namespace yet. */
const notYet = [codes.NOT_FOUND, codes.UNAVAILABLE];

/**
 * Creates the namespace and the search attributes that are missing, and returns the names of all search
 * attributes. Waits up to a minute for a server that has just started. A namespace that has everything
 * takes no rights of an administrator. Rejects with what is missing when this identity may not add it.
 */
export async function provisionTemporal(settings: TemporalSettings): Promise<readonly string[]> {
  const { address, namespace } = settings;
  const connection = await connectTemporal(settings);
  const names = Object.keys(searchAttributeTypes);
  try {
    return await retryUntilReady(`namespace ${namespace} of Temporal at ${address}`, async () => {
      const missing = await findMissing(connection, namespace);
      if (missing.length > 0) await addSearchAttributes(connection, { namespace, missing });
      return names;
    });
  } finally {
    await connection.close();
  }
}

/** Returns the search attributes that are missing. Creates the namespace when that is missing. */
async function findMissing(connection: Connection, namespace: string): Promise<readonly string[]> {
  try {
    return await findMissingAttributes(connection, namespace);
  } catch (error) {
    if (!hasCode(error, [codes.NOT_FOUND])) throw error;
    await createNamespace(connection, namespace);
    return Object.keys(searchAttributeTypes);
  }
}

/** Creates a namespace that retains closed workflows for 7 days. */
async function createNamespace({ workflowService }: Connection, namespace: string): Promise<void> {
  try {
    const workflowExecutionRetentionPeriod = msToTs("7 days");
    await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  } catch (error) {
    if (hasCode(error, [codes.ALREADY_EXISTS])) return;
    if (!isPermissionDenied(error)) throw error;
    throw new CliError(
      `Temporal has no namespace ${namespace}, and this identity may not create it: create it as an administrator, or set TEMPORAL_NAMESPACE to another`,
      { cause: error },
    );
  }
}

async function addSearchAttributes(
  { operatorService }: Connection,
  { namespace, missing }: { readonly namespace: string; readonly missing: readonly string[] },
): Promise<void> {
  try {
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, keyword]));
    await operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    if (!isPermissionDenied(error)) throw error;
    throw new CliError(
      `namespace ${namespace} lacks the search attributes ${missing.join(", ")}, and this identity may not add them: add them with the type Keyword, in the settings of the namespace in Temporal Cloud, or as an administrator of the server`,
      { cause: error },
    );
  }
}

/** Retries while the server is not ready. Rejects at once with any other error. */
async function retryUntilReady<T>(what: string, work: () => Promise<T>): Promise<T> {
  const outcome = await waitUntil(
    async () => {
      try {
        return { value: await work() };
      } catch (error) {
        if (hasCode(error, notYet)) throw error;
        return { error };
      }
    },
    { what, intervalMs: 500, timeoutMs: 60_000 },
  );
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

function hasCode(error: unknown, accepted: readonly number[]): boolean {
  return isGrpcServiceError(error) && accepted.includes(error.code);
}
