import { createValidator } from "@bufbuild/protovalidate";
import { createAccess } from "@fanfare/access";
import { assertSubscribed, busMetrics, startSubscription } from "@fanfare/bus";
import { createValidation } from "@fanfare/bus/validate";
import { connectNats, createUserOptions, defaultStreamSettings } from "@fanfare/bus-nats";
import { createInboxCounters, inboxMetrics, startPruning } from "@fanfare/outbox";
import {
  authVariables,
  createLogger,
  createMetrics,
  databaseVariables,
  definePortVariable,
  loadConfig,
  natsVariables,
  openDatabase,
  readNatsCredentials,
  runUntilSignal,
  serve,
  serverVariables,
} from "@fanfare/service";
import { migrations } from "./migrations.ts";
import { react } from "./react.ts";
import { createRoutes } from "./routes.ts";
import type { RevenueDatabase } from "./tables.ts";

/** The process and its group: all processes of this name share the events. */
const name = "revenue";
const config = loadConfig({
  name,
  about: "keeps revenue and trip figures by vehicle and day.",
  variables: {
    ...serverVariables,
    port: definePortVariable("PORT", 8085),
    ...authVariables,
    ...databaseVariables,
    ...natsVariables,
  },
});
const logger = createLogger({ name, level: config.logLevel });
const dayMs = 24 * 3_600_000;

runUntilSignal(
  async (resources) => {
    const database = resources.use(
      openDatabase<RevenueDatabase>({ url: config.databaseUrl, name, migrations, logger }),
    );
    const { maxAgeMs } = defaultStreamSettings;
    resources.use(
      startPruning(database.db, {
        retentionMs: maxAgeMs + dayMs,
        maxRedeliveryMs: maxAgeMs,
        onError: (error) => logger.warn({ err: error }, "the inbox was not pruned"),
      }),
    );
    const bus = resources.use(
      await connectNats({
        servers: config.natsUrl,
        name,
        connectTimeoutMs: 1_000,
        ...createUserOptions(name, readNatsCredentials(config)),
        interceptors: [createValidation(createValidator())],
      }),
    );
    const counters = createInboxCounters();
    // From the start: what trips published before this group's first day counts too.
    const subscription = startSubscription(bus, name, react(database.db, { counters }), {
      from: "start",
      onRetry: (error) => logger.warn({ err: error }, "not subscribed yet"),
      onFailure: ({ error, ...event }) => logger.warn({ err: error, event }, "not handled"),
    });
    resources.watch("the subscription", subscription.closed);
    const access = createAccess(config);
    resources.use(
      await serve({
        host: config.host,
        port: config.port,
        routes: createRoutes(database.db),
        access,
        checks: {
          database: () => database.assertReady(),
          bus: () => assertSubscribed(bus, name),
        },
        metrics: createMetrics({ bus: busMetrics(bus), inbox: inboxMetrics(counters) }),
        logger,
      }),
    );
  },
  { logger },
);
