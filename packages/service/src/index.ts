// Configuration.

export type { Access, AllowedRoles } from "./auth/access.ts";
export type { Caller } from "./auth/caller.ts";
export { callerKey, getCaller } from "./auth/caller.ts";
export type { TokenVerifier, TokenVerifierOptions } from "./auth/token-verifier.ts";
export { createTokenVerifier } from "./auth/token-verifier.ts";
// Calling others.
export { refusalCodes } from "./client/refusal-codes.ts";
export type { ServiceTransport, ServiceTransportOptions } from "./client/service-transport.ts";
export { createServiceTransport } from "./client/service-transport.ts";
export type { ConfigInput, ConfigSpec } from "./config/load-config.ts";
export { loadConfig } from "./config/load-config.ts";
export { readVariable } from "./config/read-variable.ts";
export {
  authVariables,
  databaseVariables,
  defineAddressVariable,
  definePortVariable,
  natsVariables,
  readNatsCredentials,
  serverVariables,
  serviceTokenVariables,
} from "./config/standard-variables.ts";
export type { ConfigValues, Variable, VariableOptions, Variables } from "./config/variable.ts";
export { defineVariable } from "./config/variable.ts";
export type { Database, DatabaseOptions } from "./database/open-database.ts";
// The database.
export { openDatabase } from "./database/open-database.ts";
// Doing things once.
export { readIdempotencyKey } from "./idempotency/read-idempotency-key.ts";
export type { IdempotencyTable, IdempotentCall } from "./idempotency/run-once.ts";
export { idempotencyMigration, runOnce, tombstone } from "./idempotency/run-once.ts";
export type { Collector, Metric } from "./metrics/create-metrics.ts";
export { createMetrics } from "./metrics/create-metrics.ts";
export type { Page, PageRequest, PageSource } from "./paging/paginate.ts";
export { paginate } from "./paging/paginate.ts";
export type { Logger, LoggerOptions } from "./process/create-logger.ts";
// The process.
export { createLogger } from "./process/create-logger.ts";
export type { Closable, Resources } from "./process/resources.ts";
export type { RunOptions } from "./process/run-until-signal.ts";
export { runUntilSignal } from "./process/run-until-signal.ts";
export type { ReadinessCheck } from "./server/readiness.ts";
export type { Routes } from "./server/routes.ts";
export type { ServeOptions, Server } from "./server/serve.ts";
// Being called.
export { serve } from "./server/serve.ts";
