import { Code } from "@connectrpc/connect";

/**
 * The codes with which a service refuses a request. A retry of a refused request fails again; other
 * codes may be worth a retry.
 */
export const refusalCodes: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.PermissionDenied,
  Code.OutOfRange,
]);
