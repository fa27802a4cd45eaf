import { createAccess } from "@fanfare/access";
import { createBusMetrics } from "@fanfare/bus";
import { connectNats, createUserOptions } from "@fanfare/bus-nats";
import { FleetEvents } from "@fanfare/contracts/fleet/v1/fleet_events";
import { createOutboxMetrics, createRelayMetrics, startRelay } from "@fanfare/outbox";
import {
  authVariables,
  createLogger,
  createMetrics,
  databaseVariables,
  defineHealthPortVariable,
  definePortVariable,
  loadConfig,
  natsTlsVariables,
  natsVariables,
  openDatabase,
  readNatsCredentials,
  readNatsTls,
  readTlsFiles,
  runUntilSignal,
  serve,
  serverVariables,
  startPruner,
  tlsVariables,
} from "@fanfare/service";
import { migrations } from "./migrations.ts";
import { listPrunedTables, retentionVariables } from "./retention.ts";
import { createRoutes } from "./routes.ts";
import type { FleetTables } from "./tables.ts";

const name = "fleet";
const config = loadConfig({
  name,
  about: "Keeps the vehicles, and which trip holds each of them.",
  variables: {
    ...serverVariables,
    port: definePortVariable("PORT", 8082),
    healthPort: defineHealthPortVariable(8082),
    ...authVariables,
    ...tlsVariables,
    ...databaseVariables,
    ...natsVariables,
    ...natsTlsVariables,
    ...retentionVariables,
  },
});
const logger = createLogger({ name, level: config.logLevel });

runUntilSignal(
  async (resources) => {
    const database = resources.use(
      openDatabase<FleetTables>({
        url: config.databaseUrl,
        pooler: config.databasePooler,
        name,
        migrations,
        logger,
      }),
    );
    const bus = resources.use(
      await connectNats({
        servers: config.natsUrl,
        domain: config.natsDomain,
        apiPrefix: config.natsApiPrefix,
        name,
        connectTimeoutMs: 1_000,
        ...createUserOptions(name, readNatsCredentials(config)),
        ...readNatsTls(config),
      }),
    );
    const relay = resources.use(
      startRelay(database.db, bus, {
        services: [FleetEvents],
        onError: (error) => logger.warn({ err: error }, "the outbox cannot be published"),
        onRejected: ({ id, error }) =>
          logger.error({ err: error, id }, "an event of the outbox was rejected"),
      }),
    );
    const pruner = resources.use(
      startPruner(database.db, { tables: listPrunedTables(config), logger }),
    );
    const access = createAccess({ ...config, name });
    resources.use(
      await serve({
        host: config.host,
        port: config.port,
        healthPort: config.healthPort,
        trustedProxies: config.trustedProxies,
        tls: readTlsFiles(config),
        routes: createRoutes(database.db, { onCommit: () => relay.wake() }),
        reflection: config.reflection,
        access,
        checks: { database: () => database.assertReady() },
        // Vehicles are held and released without the broker; the outbox keeps their events.
        dependencies: {
          broker: () => {
            if (!bus.health().connected) throw new Error("NATS is not connected");
          },
        },
        metrics: createMetrics(
          {
            bus: createBusMetrics(bus),
            outbox: createOutboxMetrics(database.db),
            relay: createRelayMetrics(relay),
            retention: pruner.metrics,
          },
          { logger },
        ),
        logger,
      }),
    );
  },
  { logger },
);
