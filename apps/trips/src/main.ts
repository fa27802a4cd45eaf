import { createAccess } from "@fanfare/access";
import {
  authVariables,
  createLogger,
  databaseVariables,
  definePortVariable,
  defineVariable,
  loadConfig,
  openDatabase,
  runUntilSignal,
  serve,
  serverVariables,
} from "@fanfare/service";
import { z } from "zod";
import { createChangeFeed } from "./api/trip-feed.ts";
import { createTripsRoutes } from "./api/trips-routes.ts";
import { createRecoverer } from "./reconciler/restart-interrupted-workflows.ts";
import { sweepUntil } from "./reconciler/run-reconciler.ts";
import { sweep } from "./reconciler/start-missing-workflows.ts";
import { migrations } from "./registry/migrations.ts";
import { createRegistryRoutes } from "./registry/registry-routes.ts";
import { createRegistry } from "./registry/store.ts";
import type { TripsDatabase } from "./registry/tables.ts";
import { openTemporal } from "./temporal/connect-temporal.ts";
import { createBrokenWorkflows } from "./temporal/interrupted-workflows.ts";
import { createTripWorkflows } from "./temporal/temporal-trip-workflows.ts";

const name = "trips";
const config = loadConfig({
  name,
  about: "the API of riders and operators, and the registry that the saga records trips in",
  variables: {
    ...serverVariables,
    internalPort: definePortVariable(
      "INTERNAL_PORT",
      8081,
      "Port of the registry, for services alone.",
    ),
    ...authVariables,
    ...databaseVariables,
    temporalAddress: defineVariable(
      "TEMPORAL_ADDRESS",
      z.string().min(1).default("127.0.0.1:7233"),
      {
        about: "host:port of Temporal.",
        example: "127.0.0.1:7233",
      },
    ),
    temporalNamespace: defineVariable("TEMPORAL_NAMESPACE", z.string().min(1).default("default"), {
      about: "Namespace of the trips' workflows.",
      example: "default",
    }),
    sweepAfterMs: defineVariable(
      "SWEEP_AFTER_MS",
      z.coerce.number().int().min(100).default(10_000),
      {
        about: "How long a trip may be without a workflow, in ms, before it is started again.",
        example: "10000",
      },
    ),
  },
});
const logger = createLogger({ name, level: config.logLevel });

runUntilSignal(
  async (resources) => {
    const { host, sweepAfterMs } = config;
    const access = createAccess(config);
    const database = resources.use(
      openDatabase<TripsDatabase>({ url: config.databaseUrl, name, migrations, logger }),
    );
    const temporal = resources.use(
      openTemporal({ address: config.temporalAddress, namespace: config.temporalNamespace }),
    );
    const registry = createRegistry(database.db);
    const onAway = (cause: unknown) => logger.warn({ err: cause }, "Temporal cannot do its work");
    const workflows = createTripWorkflows(temporal.client, onAway);
    const checks = { database: () => database.assertReady() };
    const feed = createChangeFeed({
      registry,
      intervalMs: 200,
      maxWatchers: 1_000,
      onError: (error) => logger.warn({ err: error }, "the changes of trips cannot be read"),
    });

    resources.use(
      await serve({
        host,
        port: config.internalPort,
        portName: "INTERNAL_PORT",
        routes: createRegistryRoutes(registry),
        access,
        checks,
        logger,
      }),
    );
    resources.use(
      await serve({
        host,
        port: config.port,
        routes: createTripsRoutes({ registry, workflows, feed, sweepAfterMs }),
        access,
        checks: { ...checks, temporal: () => temporal.ready() },
        logger,
      }),
    );
    const { signal } = resources;
    const sweeping = { batch: 50, leaseDurationMs: sweepAfterMs };
    const recoverer = createRecoverer(
      { registry, workflows: createBrokenWorkflows(temporal.client, onAway), logger },
      // Seldom: each trip that is under way is asked for, and hardly ever one is gone.
      { ...sweeping, leaseDurationMs: 6 * sweepAfterMs },
    );
    const pauses = { intervalMs: 1_000, longestPauseMs: 5_000, logger };
    resources.watch(
      "the sweeper",
      sweepUntil(signal, () => sweep(signal, { registry, workflows, logger }, sweeping), pauses),
    );
    resources.watch(
      "the recoverer",
      sweepUntil(signal, () => recoverer.sweep(signal), pauses),
    );
  },
  { logger },
);
