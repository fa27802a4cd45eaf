// Configuration.

export type { Access, AllowedRoles } from "./access.ts";
export type { Caller } from "./caller.ts";
export { callerKey, getCaller } from "./caller.ts";
export type { ConfigInput, ConfigSpec } from "./config.ts";
export { loadConfig } from "./config.ts";
export type { Database, DatabaseOptions } from "./database.ts";
// The database.
export { openDatabase } from "./database.ts";
export type { IdempotencyTable, OnceOptions } from "./idempotency.ts";
export { idempotencyMigration, once, tombstone } from "./idempotency.ts";
// Doing things once.
export { readIdempotencyKey } from "./idempotency-key.ts";
export type { Logger, LoggerOptions } from "./logger.ts";
// The process.
export { createLogger } from "./logger.ts";
export type { Collector, Metric } from "./metrics.ts";
export { createMetrics } from "./metrics.ts";
export type { Page, PageRequest, PageSource } from "./paginate.ts";
export { paginate } from "./paginate.ts";
export { readVariable } from "./read-variable.ts";
export type { ReadinessCheck } from "./readiness.ts";
// Calling others.
export { refusalCodes } from "./refusal-codes.ts";
export type { Closable, Resources } from "./resources.ts";
export type { Routes } from "./routes.ts";
export type { RunOptions } from "./run-until-signal.ts";
export { runUntilSignal } from "./run-until-signal.ts";
export type { ServeOptions, Server } from "./serve.ts";
// Being called.
export { serve } from "./serve.ts";
export type { ServiceTransport, ServiceTransportOptions } from "./service-transport.ts";
export { createServiceTransport } from "./service-transport.ts";
export type { TokenVerifier, TokenVerifierOptions } from "./token-verifier.ts";
export { createTokenVerifier } from "./token-verifier.ts";
export { isDatabaseUnavailable } from "./unavailable.ts";
export type { Values, Variable, VariableOptions, Variables } from "./variable.ts";
export { variable } from "./variable.ts";
export {
  addressVariable,
  authVariables,
  databaseVariables,
  natsVariables,
  portVariable,
  readNatsCredentials,
  serverVariables,
  serviceTokenVariables,
} from "./variables.ts";
