import { assertSubscribed, createBusMetrics, startSubscription } from "@fanfare/bus";
import { createInboxCounters, createInboxMetrics } from "@fanfare/outbox";
import {
  createLogger,
  createMetrics,
  loadConfig,
  openDatabase,
  readTlsFiles,
  runUntilSignal,
  type ServeHealthOptions,
  serve,
  serveHealth,
  startPruner,
} from "@fanfare/service";
import { createInbox } from "./create-inbox.ts";
import { openBus } from "./open-bus.ts";
import type { ReactorOptions } from "./reactor-options.ts";
import { createReactorVariables, type ReactorConfig } from "./reactor-variables.ts";
import { inboxRecords, type RetainedTable } from "./retained-tables.ts";

/**
 * Runs a reactor until SIGTERM or SIGINT, and then exits the process. It reads the configuration from
 * the environment (`--help` prints the variables), opens the database and migrates it, subscribes the
 * group from the first event on, removes old rows, and serves the API, and on the health port `/healthz`,
 * `/readyz` and `/metrics`. It is ready when the database is migrated and, without routes, when the group is
 * subscribed. With routes it answers queries without the broker, and `/healthz` shows the part `bus` as
 * degraded.
 *
 * The servers may start after the process. Exits with status 1 when the configuration is wrong, the
 * port is in use, or the broker refuses the subscription for good.
 *
 * @example
 * import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
 * import { inboxMigration } from "@fanfare/outbox";
 *
 * runReactor({
 *   name: "mileage",
 *   about: "Counts the trips of each vehicle.",
 *   port: 8088,
 *   migrations: { "0001-inbox": inboxMigration, "0002-mileage": mileageMigration },
 *   react: (inbox: Inbox<MileageDatabase>) => (on) => {
 *     on.service(TripEvents, {
 *       tripCompleted: inbox(async (trip, tx) => {
 *         await addTrip(tx, trip.vehicleId);
 *       }),
 *     });
 *   },
 * });
 */
export function runReactor<DB>(options: ReactorOptions<DB>): void {
  const { name, about, port, migrations, react, routes, access, start } = options;
  const retained = [inboxRecords, ...(options.retained ?? [])];
  const retentions = collectVariables(retained);
  const variables = { ...options.variables, ...createReactorVariables(port), ...retentions };
  const config: ReactorConfig = loadConfig({ name, about, variables });
  // The same values by the names of the variables, with their type.
  const retentionDays = loadConfig({ name, about, variables: retentions });
  const logger = createLogger({ name, level: config.logLevel });
  runUntilSignal(
    async (resources) => {
      const database = resources.use(
        openDatabase<DB>({
          url: config.databaseUrl,
          pooler: config.databasePooler,
          name,
          migrations,
          logger,
        }),
      );
      const { db } = database;
      await start?.({ db, config, logger, resources });
      const bus = resources.use(await openBus(config, name));
      const pruner = resources.use(
        startPruner(db, {
          tables: retained.map(({ retention, ...table }) => ({
            ...table,
            retentionDays: retentionDays[retention.name] ?? "never",
          })),
          logger,
        }),
      );
      const counters = createInboxCounters();
      // A new group also receives what was published before it existed.
      const subscription = startSubscription(bus, name, react(createInbox(db, { counters })), {
        from: "start",
        onRetry: (error) => logger.warn({ err: error }, "not subscribed yet"),
        onFailure: ({ error, ...event }) => logger.warn({ err: error, event }, "not handled"),
        onDataLoss: (loss) => logger.error(loss, "events were removed before they were handled"),
      });
      resources.watch("the subscription", subscription.closed);
      const subscribed = { bus: () => assertSubscribed(bus, name) };
      const { host, healthPort } = config;
      const health: ServeHealthOptions = {
        host,
        healthPort,
        checks: {
          database: () => database.assertReady(),
          ...(routes === undefined ? subscribed : {}),
        },
        dependencies: routes === undefined ? {} : subscribed,
        metrics: createMetrics(
          {
            bus: createBusMetrics(bus),
            inbox: createInboxMetrics(counters),
            retention: pruner.metrics,
          },
          { logger },
        ),
        logger,
      };
      if (routes === undefined) {
        resources.use(await serveHealth(health));
        return;
      }
      if (access === undefined) {
        throw new Error("routes require access: pass a token verifier and allowedRoles");
      }
      const { port: apiPort, reflection } = config;
      resources.use(
        await serve({
          ...health,
          port: apiPort,
          tls: readTlsFiles(config),
          trustedProxies: config.trustedProxies,
          reflection,
          routes: routes(db),
          access: access({ ...config, name }),
        }),
      );
    },
    { logger },
  );
}

function collectVariables(
  tables: readonly RetainedTable[],
): Readonly<Record<string, RetainedTable["retention"]>> {
  return Object.fromEntries(tables.map(({ retention }) => [retention.name, retention]));
}
