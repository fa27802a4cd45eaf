// Configuration.

export { authVariables, serviceTokenVariables } from "./config/auth-variables.ts";
export type { ConfigInput, ConfigSpec } from "./config/load-config.ts";
export { loadConfig } from "./config/load-config.ts";
export type { NatsTls } from "./config/nats-tls-variables.ts";
export { natsTlsVariables, readNatsTls } from "./config/nats-tls-variables.ts";
export { readTokenSource } from "./config/read-token-source.ts";
export { readVariable } from "./config/read-variable.ts";
export {
  databaseVariables,
  defineAddressVariable,
  defineHealthPortVariable,
  definePortVariable,
  natsVariables,
  readNatsCredentials,
  serverVariables,
} from "./config/standard-variables.ts";
export {
  defineClientCertificateVariable,
  readTlsFiles,
  tlsVariables,
} from "./config/tls-variables.ts";
export type { ConfigValues, Variable, VariableOptions, Variables } from "./config/variable.ts";
export { defineRotatingVariable, defineVariable } from "./config/variable.ts";

// The process.

export type { Logger, LoggerOptions } from "./process/create-logger.ts";
export { createLogger } from "./process/create-logger.ts";
export { formatReason } from "./process/format-reason.ts";
export { notify } from "./process/notify.ts";
export { redactUrls } from "./process/redact-urls.ts";
export type { Closable, Resources } from "./process/resources.ts";
export type { RunOptions } from "./process/run-until-signal.ts";
export { runUntilSignal } from "./process/run-until-signal.ts";

// Text from outside.

export { escapeText, findUnsafeCharacter } from "./text/escape-text.ts";
export { createTextEscaper } from "./text/text-interceptors.ts";

// The server.

export type { CallerLimits } from "./limits/caller-limits.ts";
export type { ConnectionLimits } from "./limits/connection-limits.ts";
export type { Rate, TokenBuckets } from "./limits/token-buckets.ts";
export { createTokenBuckets } from "./limits/token-buckets.ts";
export type { ReadinessCheck } from "./server/readiness.ts";
export type { Routes } from "./server/routes.ts";
export { serve } from "./server/serve.ts";
export type { HealthServer } from "./server/serve-health.ts";
export { serveHealth } from "./server/serve-health.ts";
export type { HttpAnswer, HttpRequest, HttpServer, ServeHttpOptions } from "./server/serve-http.ts";
export { serveHttp } from "./server/serve-http.ts";
export type { HealthChecks, ServeHealthOptions, ServeOptions } from "./server/serve-options.ts";
export type { ServerTls } from "./server/server-tls.ts";
export type { Server } from "./server/start-server.ts";

// Authentication.

export type { Access, AccessPolicy, AllowedRoles, AllowedSubjects } from "./auth/access-gate.ts";
export type { Caller } from "./auth/caller.ts";
export { callerKey, getCaller } from "./auth/caller.ts";
export { createMultiIssuerVerifier } from "./auth/multi-issuer-verifier.ts";
export type { TokenVerifier, TokenVerifierOptions } from "./auth/token-verifier.ts";
export { createTokenVerifier } from "./auth/token-verifier.ts";

// The database.

export type { Database, DatabaseOptions } from "./database/open-database.ts";
export { openDatabase } from "./database/open-database.ts";

// Retention.

export type { PruneBounds, PrunedTable, RetentionDays } from "./retention/pruned-table.ts";
export { pruneTable } from "./retention/pruned-table.ts";
export type { RetentionOptions } from "./retention/retention-variable.ts";
export { defineRetentionVariable } from "./retention/retention-variable.ts";
export type { Pruner, PrunerOptions } from "./retention/start-pruner.ts";
export { startPruner } from "./retention/start-pruner.ts";

// Methods: pages and idempotency.

export type { IdempotencyTable } from "./idempotency/idempotency-migration.ts";
export { idempotencyMigration, tombstonesMigration } from "./idempotency/idempotency-migration.ts";
export type { IdempotencyRetention } from "./idempotency/idempotency-retention.ts";
export {
  idempotencyAgesMigration,
  listIdempotencyTables,
} from "./idempotency/idempotency-retention.ts";
export { readIdempotencyKey } from "./idempotency/read-idempotency-key.ts";
export type { IdempotentCall } from "./idempotency/run-once.ts";
export { runOnce } from "./idempotency/run-once.ts";
export { tombstone } from "./idempotency/tombstone.ts";
export type { Page, PageRequest, PageSource } from "./paging/paginate.ts";
export { paginate } from "./paging/paginate.ts";

// Calls to other services.

export { findCause } from "./client/find-cause.ts";
export { refusalCodes } from "./client/refusal-codes.ts";
export type { ServiceTransport, ServiceTransportOptions } from "./client/service-transport.ts";
export { createServiceTransport } from "./client/service-transport.ts";
export type { TokenKey } from "./client/token-signer.ts";

// TLS.

export type { TlsFiles } from "./tls/tls-files.ts";

// Metrics.

export type { Collector, MetricsOptions } from "./metrics/create-metrics.ts";
export { createMetrics } from "./metrics/create-metrics.ts";
export type { Metric } from "./metrics/metric.ts";
