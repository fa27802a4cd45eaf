import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, type Client as ServiceClient } from "@connectrpc/connect";
import { TripOperationsService } from "@fanfare/contracts/operators/v1/trip_operations";
import { TariffService } from "@fanfare/contracts/trips/v1/tariffs";
import type { TripsService } from "@fanfare/contracts/trips/v1/trips";
import {
  type App,
  createDevKeys,
  mintToken,
  reservePorts,
  startApp,
  startServers,
  type TokenClaims,
} from "@fanfare/dev-stack";
import {
  createSecrets,
  openSecretsFolder,
  serviceKeyFile,
  serviceKeySetFile,
} from "@fanfare/secrets";
import { createLogger, createServiceTransport } from "@fanfare/service";
import { type Books, openBooks, startSandboxRiders } from "@fanfare/test-fixtures";
import {
  createRefundWorkflowId,
  createTripWorkflowId,
  searchAttributes,
} from "@fanfare/trip-contract";
import { Client, Connection, type WorkflowHandle } from "@temporalio/client";
import { bundleWorkflowCode, DefaultLogger, Runtime } from "@temporalio/worker";
import { createBillingActivities } from "../src/activities/billing.ts";
import { createFleetActivities } from "../src/activities/fleet.ts";
import { createPublishActivities } from "../src/activities/publish.ts";
import { createRefundActivities } from "../src/activities/refunds.ts";
import { createReturnActivities } from "../src/activities/return-vehicle.ts";
import { createRegistryActivities } from "../src/activities/trips.ts";
import { startTripWorker, type TripWorker } from "../src/trip-worker.ts";
import { addToken, createRiders } from "./callers.ts";
import { createFaults, type Faults } from "./faults.ts";
import { type LabEvents, openLabEvents } from "./lab-events.ts";

/**
 * The worker in this process on a real Temporal server, and trips, fleet and billing as processes of their
 * own on real PostgreSQL. Payment methods have the tokens of the sandbox as ids. The calls of the worker pass through the faults.
 */
export interface ServiceLab extends AsyncDisposable {
  readonly faults: Faults;
  readonly books: Books;
  readonly temporal: Client;
  readonly app: Readonly<Record<"trips" | "fleet" | "billing", App>>;
  /** Returns the client of a rider. Trips of riders whose name begins with `hasty` have short timeouts. */
  rider(name?: string): ServiceClient<typeof TripsService>;
  readonly operator: ServiceClient<typeof TripOperationsService>;
  /** The tariffs, as an operator. */
  readonly tariffs: ServiceClient<typeof TariffService>;
  workflow(tripId: string): WorkflowHandle;
  readonly events: LabEvents;
  refundWorkflow(tripId: string, refundId: string): WorkflowHandle;
  /** Stops the worker, as a deployment does, and starts another one after `during`. Default: at once. */
  restartWorker(during?: () => Promise<void>): Promise<void>;
}

/** Starts a lab on free ports, with its data and logs in a folder of its own. */
export async function openServiceLab(): Promise<ServiceLab> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "fanfare-worker-"));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  Runtime.install({
    logger: new DefaultLogger("ERROR"),
    telemetryOptions: { logging: { filter: "ERROR", forward: {} } },
  });
  const attributes = Object.values(searchAttributes).map((name) => [name, "Keyword"]);
  const servers = stack.use(
    await startServers({
      logFolder: folder,
      searchAttributes: Object.fromEntries(attributes),
      env: omitServers(process.env),
    }),
  );
  const secretsFolder = join(folder, "secrets");
  await createSecrets(secretsFolder);
  const secrets = openSecretsFolder(secretsFolder);
  const keys = await createDevKeys(join(secretsFolder, "keys"));
  const bundlePath = join(folder, "workflows.js");
  const [urls, code] = await Promise.all([
    createDatabases((name) => servers.postgres.createDatabase(name)),
    bundleWorkflow(),
  ]);
  await writeFile(bundlePath, code);

  const {
    ports: [trips = 0, registry = 0, fleet = 0, billing = 0],
  } = await reservePorts(4);
  const shared = {
    HOST: "127.0.0.1",
    LOG_LEVEL: "warn",
    AUTH_JWKS: keys.jwksFile,
    AUTH_SERVICE_JWKS: secrets.locate("keys", serviceKeySetFile),
    AUTH_ISSUER: keys.issuer,
    AUTH_AUDIENCE: keys.audience,
    NATS_URL: servers.nats.url,
    TEMPORAL_ADDRESS: servers.temporal.address,
    TEMPORAL_NAMESPACE: servers.temporal.namespace,
    INTERNAL_PORT: String(registry),
    RECONCILE_AFTER_MS: "1000",
  };
  const riders = stack.use(await startSandboxRiders());
  const own = {
    trips: {},
    fleet: {},
    billing: {
      RIDERS_URL: riders.url,
      SERVICE_KEY_FILE: secrets.locate("billing", serviceKeyFile),
    },
  };
  const start = async (name: "trips" | "fleet" | "billing", port: number) =>
    stack.use(
      await startApp({
        name,
        port,
        env: { ...shared, ...own[name], DATABASE_URL: urls[name] },
        logFile: join(folder, `${name}.log`),
      }),
    );
  const [tripsApp, fleetApp, billingApp] = await Promise.all([
    start("trips", trips),
    start("fleet", fleet),
    start("billing", billing),
  ]);

  const faults = createFaults();
  const connect = (audience: string, port: number) => ({
    transport: stack.use(
      createServiceTransport({
        baseUrl: `http://127.0.0.1:${port}`,
        tokenKey: {
          file: secrets.locate("worker", serviceKeyFile),
          issuer: "services",
          subject: "worker",
          role: "service",
          audience,
        },
        interceptors: [faults.interceptor],
      }),
    ),
  });
  const events = stack.use(await openLabEvents());
  const toTrips = connect("trips", registry);
  const toFleet = connect("fleet", fleet);
  const toBilling = connect("billing", billing);
  const publishing = { bus: faults.wrapBus(events.bus) };
  const activities = {
    ...createRegistryActivities(toTrips),
    ...createFleetActivities(toFleet),
    ...createReturnActivities({ fleet: toFleet.transport, trips: toTrips.transport }),
    ...createBillingActivities(toBilling),
    ...createPublishActivities(publishing),
    ...createRefundActivities({
      trips: toTrips.transport,
      billing: toBilling.transport,
      ...publishing,
    }),
  };
  const { address, namespace } = servers.temporal;
  const logger = createLogger({ name: "lab", level: "silent" });
  const startWorker = (): TripWorker =>
    startTripWorker({
      readSettings: () => ({ address, namespace }),
      bundlePath,
      activities,
      logger,
    });
  let worker = startWorker();
  let restarting = Promise.resolve();
  async function restartAfter(before: Promise<void>, during?: () => Promise<void>): Promise<void> {
    await before.catch(() => undefined);
    await worker.stop();
    try {
      await during?.();
    } finally {
      worker = startWorker();
    }
  }
  stack.defer(async () => {
    await restarting.catch(() => undefined);
    await worker.stop();
  });

  const connection = await Connection.connect({ address });
  stack.defer(() => connection.close());
  const temporal = new Client({ connection, namespace, identity: "lab" });
  const books = stack.use(openBooks(urls));
  const transport = stack.use(createServiceTransport({ baseUrl: tripsApp.url, timeoutMs: 60_000 }));
  const openRider = createRiders(transport, keys);
  const otto: TokenClaims = { role: "operator", subject: "otto" };
  const operated = addToken(transport, mintToken(keys, otto));
  const owned = stack.move();
  return {
    faults,
    books,
    temporal,
    app: { trips: tripsApp, fleet: fleetApp, billing: billingApp },
    rider: (name = "rosa") => openRider(name),
    operator: createClient(TripOperationsService, operated),
    tariffs: createClient(TariffService, operated),
    workflow: (tripId) => temporal.workflow.getHandle(createTripWorkflowId(tripId)),
    events,
    refundWorkflow: (tripId, refundId) =>
      temporal.workflow.getHandle(createRefundWorkflowId(tripId, refundId)),
    restartWorker(during) {
      restarting = restartAfter(restarting, during);
      return restarting;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function createDatabases(create: (name: string) => Promise<string>) {
  return {
    trips: await create("trips"),
    fleet: await create("fleet"),
    billing: await create("billing"),
  };
}

async function bundleWorkflow(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL("./hasty-trip-workflow.ts", import.meta.url)),
    logger: new DefaultLogger("ERROR"),
  });
  return code;
}

/** Omits the addresses of running servers, whose databases and workflows are not of this test. */
function omitServers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const addresses = ["TEMPORAL_ADDRESS", "NATS_URL", "POSTGRES_ADMIN_URL"];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !addresses.includes(name)));
}
