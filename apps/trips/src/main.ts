import { createAccess } from "@fanfare/access";
import { createDataConverter } from "@fanfare/saga/codec";
import {
  authVariables,
  createLogger,
  createMetrics,
  databaseVariables,
  defineClientCertificateVariable,
  definePortVariable,
  defineVariable,
  loadConfig,
  openDatabase,
  readTlsFiles,
  runUntilSignal,
  serve,
  serverVariables,
  startPruner,
  tlsVariables,
} from "@fanfare/service";
import { payloadVariables } from "@fanfare/trip-contract/payloads";
import { openTemporalSettings, temporalVariables } from "@fanfare/trip-contract/temporal";
import { z } from "zod";
import { createTripFeed } from "./api/trip-feed.ts";
import { createTripOperationsRoutes } from "./api/trip-operations-routes.ts";
import { createTripsRoutes } from "./api/trips-routes.ts";
import { createOperatorLogRoutes } from "./operators/operator-log-routes.ts";
import { runReconciler } from "./reconciler/run-reconciler.ts";
import { createRefundWorkflows } from "./refunds/refund-workflows.ts";
import { createTripRefunds } from "./refunds/trip-refunds.ts";
import { migrations } from "./registry/migrations.ts";
import { createRegistryRoutes } from "./registry/registry-routes.ts";
import { changeRetention, listPrunedTables } from "./registry/retention.ts";
import { createTripRegistry } from "./registry/store.ts";
import type { TripsDatabase } from "./registry/tables.ts";
import { createRiderDataRoutes } from "./riders/rider-data-routes.ts";
import { createTariffRoutes } from "./tariffs/tariff-routes.ts";
import { connectTemporal } from "./temporal/connect-temporal.ts";
import { createInterruptedWorkflows } from "./temporal/interrupted-workflows.ts";
import { createTripWorkflows } from "./temporal/temporal-trip-workflows.ts";
import { createTripHistories } from "./temporal/trip-histories.ts";

const name = "trips";
const config = loadConfig({
  name,
  about: "Serves riders and operators, and the registry in which the saga records trips.",
  variables: {
    ...serverVariables,
    internalPort: definePortVariable(
      "INTERNAL_PORT",
      8081,
      "Port of the registry, for services only.",
    ),
    ...authVariables,
    ...tlsVariables,
    // Riders have no certificate. Callers of INTERNAL_PORT are services, and always need one.
    tlsClientCertificate: defineClientCertificateVariable("none"),
    edgeCertFile: defineVariable("EDGE_TLS_CERT_FILE", z.string().min(1).optional(), {
      about: "Certificate of PORT, where riders need another than TLS_CERT_FILE.",
      example: "./tls/public.crt",
    }),
    edgeKeyFile: defineVariable("EDGE_TLS_KEY_FILE", z.string().min(1).optional(), {
      about: "Private key of EDGE_TLS_CERT_FILE.",
      example: "./tls/public.key",
    }),
    ...databaseVariables,
    ...temporalVariables,
    ...payloadVariables,
    reconcileAfterMs: defineVariable(
      "RECONCILE_AFTER_MS",
      z.coerce.number().int().min(100).default(10_000),
      {
        about: "Time in ms after which a trip without a workflow gets one.",
        example: "10000",
      },
    ),
    heartbeatMs: defineVariable(
      "WATCH_HEARTBEAT_MS",
      z.coerce.number().int().min(1_000).max(30_000).default(10_000),
      {
        about: "Time in ms after which WatchTrip sends a heartbeat when nothing changes.",
        example: "10000",
      },
    ),
    changeRetention,
  },
});
const logger = createLogger({ name, level: config.logLevel });

runUntilSignal(
  async (resources) => {
    const { host, reconcileAfterMs, heartbeatMs } = config;
    const access = createAccess({ ...config, name });
    const tls = readTlsFiles(config);
    const { edgeCertFile = config.tlsCertFile, edgeKeyFile = config.tlsKeyFile } = config;
    const edgeTls = readTlsFiles({ ...config, tlsCertFile: edgeCertFile, tlsKeyFile: edgeKeyFile });
    const database = resources.use(
      openDatabase<TripsDatabase>({
        url: config.databaseUrl,
        pooler: config.databasePooler,
        name,
        migrations,
        logger,
      }),
    );
    const temporal = resources.use(
      connectTemporal(openTemporalSettings(process.env), {
        dataConverter: createDataConverter(config.codecKeys),
      }),
    );
    const registry = createTripRegistry(database.db);
    const pruner = resources.use(
      startPruner(database.db, { tables: listPrunedTables(config.changeRetention), logger }),
    );
    const onUnavailable = (cause: unknown) =>
      logger.warn({ err: cause }, "Temporal is unavailable");
    const workflows = createTripWorkflows(temporal.client, onUnavailable);
    const interruptedWorkflows = createInterruptedWorkflows(temporal.client, onUnavailable);
    const refunds = createTripRefunds(database.db);
    const refundWorkflows = createRefundWorkflows(temporal.client, onUnavailable);
    const histories = createTripHistories(temporal.client, onUnavailable);
    const feed = createTripFeed({
      registry,
      pollIntervalMs: 200,
      maxWatchers: 1_000,
      onError: (error) => logger.warn({ err: error }, "the changes of trips cannot be read"),
    });

    resources.use(
      await serve({
        host,
        port: config.internalPort,
        portName: "INTERNAL_PORT",
        tls: tls && { ...tls, clientCertificate: undefined },
        routes: (router) => {
          createRegistryRoutes({ registry, refunds })(router);
          createRiderDataRoutes({ db: database.db, registry, histories })(router);
        },
        reflection: config.reflection,
        access,
        logger,
      }),
    );
    resources.use(
      await serve({
        host,
        port: config.port,
        healthPort: config.healthPort,
        trustedProxies: config.trustedProxies,
        tls: edgeTls,
        routes: (router) => {
          const deps = { registry, workflows, feed, reconcileAfterMs, heartbeatMs };
          createTripsRoutes(deps)(router);
          createTripOperationsRoutes({ ...deps, refunds, refundWorkflows })(router);
          createOperatorLogRoutes(database.db)(router);
          createTariffRoutes(database.db)(router);
        },
        reflection: config.reflection,
        access,
        checks: { database: () => database.assertReady() },
        // The registry alone answers reads, and records what riders ask for. Only the progress of a workflow
        // and the decisions of operators are refused meanwhile.
        dependencies: { temporal: () => temporal.assertReady() },
        metrics: createMetrics({ retention: pruner.metrics }, { logger }),
        logger,
      }),
    );

    const reconcilerDeps = {
      registry,
      refunds,
      workflows,
      refundWorkflows,
      interruptedWorkflows,
      logger,
    };
    resources.watch(
      "the reconciler",
      runReconciler(resources.signal, reconcilerDeps, { reconcileAfterMs }),
    );
  },
  { logger },
);
