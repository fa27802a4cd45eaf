export { isDatabaseUnavailable } from "./is-database-unavailable.ts";
export { isTransientDatabaseError } from "./is-transient-database-error.ts";
export { readErrorCode } from "./read-error-code.ts";
