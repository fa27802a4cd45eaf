import { createValidator } from "@bufbuild/protovalidate";
import { createValidation } from "@fanfare/bus/validate";
import { connectNats, createUserOptions } from "@fanfare/bus-nats";
import { createDataConverter } from "@fanfare/saga/codec";
import {
  createLogger,
  createServiceTransport,
  createTextEscaper,
  defineAddressVariable,
  defineHealthPortVariable,
  defineVariable,
  loadConfig,
  natsTlsVariables,
  natsVariables,
  readNatsCredentials,
  readNatsTls,
  readTlsFiles,
  readTokenSource,
  runUntilSignal,
  serveHealth,
  serverVariables,
  serviceTokenVariables,
  tlsVariables,
} from "@fanfare/service";
import { payloadVariables } from "@fanfare/trip-contract/payloads";
import { openTemporalSettings, temporalVariables } from "@fanfare/trip-contract/temporal";
import { Runtime } from "@temporalio/worker";
import { z } from "zod";
import { createBillingActivities } from "./activities/billing.ts";
import { createFleetActivities } from "./activities/fleet.ts";
import { createPublishActivities } from "./activities/publish.ts";
import { createRefundActivities } from "./activities/refunds.ts";
import { createReturnActivities } from "./activities/return-vehicle.ts";
import { createRegistryActivities } from "./activities/trips.ts";
import { createTemporalLogger } from "./temporal-logger.ts";
import { startTripWorker } from "./trip-worker.ts";
import { findWorkflowBundle } from "./workflow-bundle.ts";

const name = "worker";
const config = loadConfig({
  name,
  about: "Runs the trip workflow and its activities.",
  variables: {
    host: serverVariables.host,
    logLevel: serverVariables.logLevel,
    healthPort: defineHealthPortVariable(8084),
    ...serviceTokenVariables,
    ...tlsVariables,
    ...temporalVariables,
    ...payloadVariables,
    buildId: defineVariable("TEMPORAL_BUILD_ID", z.string().min(1).optional(), {
      about: "The version of this code, for Temporal's worker deployments (see README.md).",
      example: "2026-11-21.1",
    }),
    ...natsVariables,
    ...natsTlsVariables,
    tripsUrl: defineAddressVariable(
      "TRIPS_URL",
      "http://127.0.0.1:8081",
      "URL of the trip registry.",
    ),
    fleetUrl: defineAddressVariable("FLEET_URL", "http://127.0.0.1:8082", "URL of fleet."),
    billingUrl: defineAddressVariable("BILLING_URL", "http://127.0.0.1:8083", "URL of billing."),
  },
});
const logger = createLogger({ name, level: config.logLevel });

runUntilSignal(
  async (resources) => {
    const bundlePath = findWorkflowBundle();
    Runtime.install({
      logger: createTemporalLogger(logger),
      telemetryOptions: { logging: { filter: { core: "WARN", other: "ERROR" }, forward: {} } },
      shutdownSignals: [],
    });

    const tls = readTlsFiles(config);
    const connect = (audience: string, baseUrl: string) => ({
      transport: resources.use(
        createServiceTransport({
          baseUrl,
          interceptors: [createTextEscaper()],
          ...readTokenSource(config, { subject: name, role: "service", audience }),
          tls,
        }),
      ),
    });
    const bus = resources.use(
      await connectNats({
        servers: config.natsUrl,
        domain: config.natsDomain,
        apiPrefix: config.natsApiPrefix,
        name,
        connectTimeoutMs: 1_000,
        ...createUserOptions(name, readNatsCredentials(config)),
        ...readNatsTls(config),
        interceptors: [createValidation(createValidator())],
      }),
    );
    const trips = connect("trips", config.tripsUrl);
    const fleet = connect("fleet", config.fleetUrl);
    const billing = connect("billing", config.billingUrl);
    const worker = resources.use(
      startTripWorker({
        readSettings: openTemporalSettings(process.env),
        bundlePath,
        activities: {
          ...createRegistryActivities(trips),
          ...createFleetActivities(fleet),
          ...createReturnActivities({ fleet: fleet.transport, trips: trips.transport }),
          ...createBillingActivities(billing),
          ...createPublishActivities({ bus }),
          ...createRefundActivities({ billing: billing.transport, trips: trips.transport, bus }),
        },
        dataConverter: createDataConverter(config.codecKeys),
        buildId: config.buildId,
        logger,
      }),
    );
    resources.watch("the worker", worker.stopped);

    resources.use(
      await serveHealth({
        host: config.host,
        healthPort: config.healthPort,
        checks: { temporal: () => worker.ready() },
        // Trips run without the broker. The publication of those that end is retried until it is back.
        dependencies: {
          broker: () => {
            if (!bus.health().connected) throw new Error("NATS is not connected");
          },
        },
        logger,
      }),
    );
  },
  { logger },
);
