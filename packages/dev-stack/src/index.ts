export { createDevKeys, type DevKeys, mintToken, type TokenClaims } from "@fanfare/secrets";
export { cacheFolder } from "@fanfare/tools/cache-folder";
export { requireWritable } from "@fanfare/tools/require-writable";
export { type App, startApp } from "./app.ts";
export {
  type Authority,
  type CertificateFiles,
  type CertificateOptions,
  createAuthority,
} from "./certificates.ts";
export { createRandom, type Random } from "./create-random.ts";
export type { DevServer } from "./dev-server.ts";
export { isRunning, withLock } from "./file-lock.ts";
export { findProgram } from "./find-program.ts";
export { installPacked, type PackedOptions, type PackedProject } from "./install-packed.ts";
export { type Nats, type NatsOptions, startNats } from "./nats.ts";
export { type NatsCluster, type NatsClusterOptions, startNatsCluster } from "./nats-cluster.ts";
export { listPublishedPackages, packPackage } from "./pack-package.ts";
export { type CodeBlock, parseCodeBlocks } from "./parse-code-blocks.ts";
export { type PgBouncer, type PgBouncerOptions, startPgBouncer } from "./pgbouncer.ts";
export { findPgBouncer, type PgBouncerProgram, providePgBouncer } from "./pgbouncer-program.ts";
export { type Postgres, type PostgresOptions, startPostgres } from "./postgres.ts";
export {
  createRunner,
  findPostgresBin,
  parseMajorVersion,
  readPostgresVersion,
  type User,
} from "./postgres-program.ts";
export {
  connectConformance,
  grpcurl,
  kubeconform,
  kustomize,
  natsCli,
  natsServer,
  type Program,
  temporalCli,
} from "./programs.ts";
export type { Progress } from "./progress.ts";
export { type ProvideOptions, provideProgram } from "./provide-program.ts";
export { isPortFree, type ReservedPorts, reservePort, reservePorts } from "./reserve-ports.ts";
export { type ServerPorts, type Servers, startServers } from "./servers.ts";
export { createStackTls, type StackTls } from "./stack-tls.ts";
export { type AppPorts, type System, startSystem } from "./system.ts";
export { startTemporal, type Temporal, type TemporalOptions } from "./temporal.ts";
export {
  findTemporalServer,
  startTemporalServer,
  type TemporalServer,
  type TemporalServerOptions,
} from "./temporal-server.ts";
export { type WaitOptions, waitUntil } from "./wait-until.ts";
