import { waitUntil } from "@fanfare/dev-stack";
import { type Connection, isGrpcServiceError } from "@temporalio/client";
import { msToTs } from "@temporalio/common/lib/time.js";
import { connectTemporal } from "../connect-temporal.ts";
import { searchAttributeTypes } from "./search-attributes.ts";

const keyword = 2;

/** The codes of a server that has just started, or that does not know a new namespace yet. */
const notYet = { NOT_FOUND: 5, UNAVAILABLE: 14 };

/**
 * Creates the namespace and the search attributes that are missing, and returns the names of all search
 * attributes. Waits up to a minute for a server that has just started.
 */
export async function provisionTemporal(temporal: {
  readonly address: string;
  readonly namespace: string;
}): Promise<readonly string[]> {
  const { address, namespace } = temporal;
  const connection = await connectTemporal(address);
  try {
    return await retryUntilReady(`namespace ${namespace} of Temporal at ${address}`, async () => {
      await provisionNamespace(connection, namespace);
      return await provisionSearchAttributes(connection, namespace);
    });
  } finally {
    await connection.close();
  }
}

/** Creates a namespace that retains closed workflows for 7 days, unless it exists. */
async function provisionNamespace(
  { workflowService }: Connection,
  namespace: string,
): Promise<void> {
  try {
    await workflowService.describeNamespace({ namespace });
  } catch (error) {
    if (!hasCode(error, notYet.NOT_FOUND)) throw error;
    const workflowExecutionRetentionPeriod = msToTs("7 days");
    await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  }
}

async function provisionSearchAttributes(
  { operatorService }: Connection,
  namespace: string,
): Promise<readonly string[]> {
  const names = Object.keys(searchAttributeTypes);
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = names.filter((name) => customAttributes[name] === undefined);
  if (missing.length > 0) {
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, keyword]));
    await operatorService.addSearchAttributes({ namespace, searchAttributes });
  }
  return names;
}

/** Retries while the server is not ready. Rejects at once with any other error. */
async function retryUntilReady<T>(what: string, work: () => Promise<T>): Promise<T> {
  const outcome = await waitUntil(
    async () => {
      try {
        return { value: await work() };
      } catch (error) {
        if (Object.values(notYet).some((code) => hasCode(error, code))) throw error;
        return { error };
      }
    },
    { what, intervalMs: 500, timeoutMs: 60_000 },
  );
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

function hasCode(error: unknown, code: number): boolean {
  const found: number | undefined = isGrpcServiceError(error) ? error.code : undefined;
  return found === code;
}
