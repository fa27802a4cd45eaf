import { searchAttributes } from "./search-attributes.ts";

/** The services of Temporal that know the search attributes of a namespace. */
export interface AttributeServices {
  readonly operatorService: {
    listSearchAttributes(request: { readonly namespace: string }): Promise<{
      readonly customAttributes?: Readonly<Record<string, unknown>> | null;
    }>;
  };
  readonly workflowService: {
    countWorkflowExecutions(request: {
      readonly namespace: string;
      readonly query: string;
    }): Promise<unknown>;
  };
}

const names = Object.values(searchAttributes);
const invalidArgument = 3;

/**
 * The codes of gRPC with which Temporal refuses what only an administrator may do: PERMISSION_DENIED,
 * UNIMPLEMENTED, UNAUTHENTICATED.
 */
const deniedCodes: readonly number[] = [7, 12, 16];

/**
 * Returns the names of the trips' search attributes that a namespace lacks. Where this identity may not
 * list them, as in Temporal Cloud, it searches for each, which needs no rights beyond those of a worker.
 *
 * @example
 * await findMissingAttributes(connection, "default"); // ["TripDelayed"]
 */
export async function findMissingAttributes(
  { operatorService, workflowService }: AttributeServices,
  namespace: string,
): Promise<readonly string[]> {
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    return names.filter((name) => customAttributes?.[name] === undefined);
  } catch (error) {
    if (!isPermissionDenied(error)) throw error;
  }
  const missing = names.map(async (name) => {
    try {
      await workflowService.countWorkflowExecutions({ namespace, query: `${name} IS NULL` });
      return [];
    } catch (error) {
      if (readCode(error) === invalidArgument) return [name];
      throw error;
    }
  });
  return (await Promise.all(missing)).flat();
}

/**
 * Returns whether Temporal refused a request because only an administrator may send it.
 *
 * @example
 * if (isPermissionDenied(error)) console.log("ask an administrator");
 */
export function isPermissionDenied(error: unknown): boolean {
  return deniedCodes.includes(readCode(error) ?? 0);
}

function readCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "number") return error.code;
  return readCode(error.cause);
}
