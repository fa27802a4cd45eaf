import { createAccess } from "@fanfare/access";
import {
  authVariables,
  createLogger,
  createMetrics,
  createServiceTransport,
  databaseVariables,
  defineAddressVariable,
  defineHealthPortVariable,
  definePortVariable,
  loadConfig,
  openDatabase,
  readTlsFiles,
  readTokenSource,
  runUntilSignal,
  serve,
  serverVariables,
  serviceTokenVariables,
  startPruner,
  tlsVariables,
} from "@fanfare/service";
import { keyRetentionVariables } from "@fanfare/trip-contract/retention";
import { createLedgerMetrics } from "./ledger/ledger-metrics.ts";
import { migrations } from "./migrations.ts";
import { createPaymentMethods } from "./payment-methods.ts";
import { listPrunedTables } from "./retention.ts";
import { createRiderDataRoutes } from "./riders/rider-data-routes.ts";
import { createRoutes } from "./routes.ts";
import { createSandboxGateway } from "./sandbox-gateway.ts";
import type { BillingTables } from "./tables.ts";

const name = "billing";
const config = loadConfig({
  name,
  about: "Keeps the tab of each trip: authorisation, charges, refunds and capture.",
  variables: {
    ...serverVariables,
    port: definePortVariable("PORT", 8083),
    healthPort: defineHealthPortVariable(8083),
    ...authVariables,
    ...tlsVariables,
    ...databaseVariables,
    ...serviceTokenVariables,
    ridersUrl: defineAddressVariable("RIDERS_URL", "http://127.0.0.1:8089", "URL of riders."),
    ...keyRetentionVariables,
  },
});
const logger = createLogger({ name, level: config.logLevel });

runUntilSignal(
  async (resources) => {
    const database = resources.use(
      openDatabase<BillingTables>({
        url: config.databaseUrl,
        pooler: config.databasePooler,
        name,
        migrations,
        logger,
      }),
    );
    const pruner = resources.use(
      startPruner(database.db, { tables: listPrunedTables(config), logger }),
    );
    const tls = readTlsFiles(config);
    const riders = resources.use(
      createServiceTransport({
        baseUrl: config.ridersUrl,
        ...readTokenSource(config, { subject: name, role: "service", audience: "riders" }),
        tls,
        timeoutMs: 5_000,
      }),
    );
    const access = createAccess({ ...config, name });
    resources.use(
      await serve({
        host: config.host,
        port: config.port,
        healthPort: config.healthPort,
        trustedProxies: config.trustedProxies,
        tls,
        routes: (router) => {
          const paymentMethods = createPaymentMethods(riders);
          const gateway = createSandboxGateway(database.db);
          createRoutes({ db: database.db, gateway, paymentMethods })(router);
          createRiderDataRoutes(database.db)(router);
        },
        reflection: config.reflection,
        access,
        checks: { database: () => database.assertReady() },
        metrics: createMetrics(
          { ledger: createLedgerMetrics(database.db), retention: pruner.metrics },
          { logger },
        ),
        logger,
      }),
    );
  },
  { logger },
);
