import { createAccess } from "@fanfare/access";
import { createBusMetrics } from "@fanfare/bus";
import { connectNats, createUserOptions } from "@fanfare/bus-nats";
import { RiderEvents } from "@fanfare/contracts/riders/v1/rider_events";
import { createOutboxMetrics, createRelayMetrics, startRelay } from "@fanfare/outbox";
import {
  authVariables,
  createLogger,
  createMetrics,
  createServiceTransport,
  createTextEscaper,
  databaseVariables,
  defineAddressVariable,
  defineHealthPortVariable,
  definePortVariable,
  loadConfig,
  natsTlsVariables,
  natsVariables,
  openDatabase,
  readNatsCredentials,
  readNatsTls,
  readTlsFiles,
  readTokenSource,
  runUntilSignal,
  serve,
  serverVariables,
  serviceTokenVariables,
  tlsVariables,
} from "@fanfare/service";
import { createDataClients } from "./data-apps.ts";
import { startErasing } from "./erasure/start-erasing.ts";
import { migrations } from "./migrations.ts";
import { createRoutes } from "./routes.ts";
import type { RidersTables } from "./tables.ts";

const name = "riders";
const config = loadConfig({
  name,
  about: "Keeps the profiles and payment methods of riders, and erases riders everywhere.",
  variables: {
    ...serverVariables,
    port: definePortVariable("PORT", 8089),
    healthPort: defineHealthPortVariable(8089),
    ...authVariables,
    ...tlsVariables,
    ...databaseVariables,
    ...natsVariables,
    ...natsTlsVariables,
    ...serviceTokenVariables,
    tripsUrl: defineAddressVariable(
      "TRIPS_URL",
      "http://127.0.0.1:8081",
      "URL of the trip registry.",
    ),
    billingUrl: defineAddressVariable("BILLING_URL", "http://127.0.0.1:8083", "URL of billing."),
    notificationsUrl: defineAddressVariable(
      "NOTIFICATIONS_URL",
      "http://127.0.0.1:8087",
      "URL of notifications.",
    ),
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
    const tls = readTlsFiles(config);
    const connect = (audience: string, baseUrl: string) =>
      resources.use(
        createServiceTransport({
          baseUrl,
          interceptors: [createTextEscaper()],
          ...readTokenSource(config, { subject: name, role: "service", audience }),
          tls,
        }),
      );
    const clients = createDataClients({
      trips: connect("trips", config.tripsUrl),
      billing: connect("billing", config.billingUrl),
      notifications: connect("notifications", config.notificationsUrl),
    });
    resources.use(startErasing({ db: database.db, clients, logger }));
    const access = createAccess({ ...config, name });
    resources.use(
      await serve({
        host: config.host,
        port: config.port,
        healthPort: config.healthPort,
        trustedProxies: config.trustedProxies,
        tls,
        routes: createRoutes({ db: database.db, clients, onCommit: () => relay.wake() }),
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
