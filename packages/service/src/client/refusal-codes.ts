import { Code } from "@connectrpc/connect";

/** refusalCodes are those that only a service can mean: with them it refuses what it was asked. */
export const refusalCodes: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.PermissionDenied,
  Code.OutOfRange,
]);
