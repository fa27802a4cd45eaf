import { createAccess } from "@fanfare/access";
import { createBusMetrics } from "@fanfare/bus";
import { connectNats, createUserOptions } from "@fanfare/bus-nats";
import { RiderEvents } from "@fanfare/contracts/riders/v1/rider_events";
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
  tlsVariables,
} from "@fanfare/service";
import { migrations } from "./migrations.ts";
import { createRoutes } from "./routes.ts";
import type { RidersTables } from "./tables.ts";

const name = "riders";
const config = loadConfig({
  name,
  about: "Keeps the profiles and payment methods of riders.",
  variables: {
    ...serverVariables,
    port: definePortVariable("PORT", 8089),
    healthPort: defineHealthPortVariable(8089),
    ...authVariables,
    ...tlsVariables,
    ...databaseVariables,
    ...natsVariables,
    ...natsTlsVariables,
  },
});
const logger = createLogger({ name, level: config.logLevel });

runUntilSignal(
  async (resources) => {
    const database = resources.use(
      openDatabase<RidersTables>({
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
        services: [RiderEvents],
        onError: (error) => logger.warn({ err: error }, "the outbox cannot be published"),
        onRejected: ({ id, error }) =>
          logger.error({ err: error, id }, "an event of the outbox was rejected"),
      }),
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
        // Riders are changed without the broker; the outbox keeps the events.
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
          },
          { logger },
        ),
        logger,
      }),
    );
  },
  { logger },
);
