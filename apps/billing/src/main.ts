import { createAccess } from "@fanfare/access";
import {
  authVariables,
  createLogger,
  databaseVariables,
  defineHealthPortVariable,
  definePortVariable,
  loadConfig,
  openDatabase,
  readTlsFiles,
  runUntilSignal,
  serve,
  serverVariables,
  tlsVariables,
} from "@fanfare/service";
import { migrations } from "./migrations.ts";
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
    const access = createAccess({ ...config, name });
    resources.use(
      await serve({
        host: config.host,
        port: config.port,
        healthPort: config.healthPort,
        trustedProxies: config.trustedProxies,
        tls: readTlsFiles(config),
        routes: createRoutes({ db: database.db, gateway: createSandboxGateway(database.db) }),
        reflection: config.reflection,
        access,
        checks: { database: () => database.assertReady() },
        logger,
      }),
    );
  },
  { logger },
);
