import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client as ConnectClient, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { TripOperationsService } from "@fanfare/contracts/operators/v1/trip_operations";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import {
  createDevKeys,
  mintToken,
  type Servers,
  type System,
  startServers,
  startSystem,
  type TokenClaims,
} from "@fanfare/dev-stack";
import { addPaymentMethod } from "@fanfare/test-fixtures";
import { searchAttributes } from "@fanfare/trip-contract";
import { Client, Connection } from "@temporalio/client";
import { Client as PostgresClient } from "pg";
import { openConverter } from "./open-converter.ts";

/** The whole stack with its data on disk, and a worker for the bare workflow. */
export interface Lab extends AsyncDisposable {
  readonly servers: Servers;
  readonly system: System;
  /** One rider for each trip in flight: a rider has one active trip at a time. */
  readonly riders: readonly ConnectClient<typeof TripsService>[];
  /** The id of each rider's payment method. */
  readonly paymentMethods: readonly string[];
  readonly operations: ConnectClient<typeof TripOperationsService>;
  /** Encrypts payloads, as the trips do. */
  readonly temporal: Client;
  /** Leaves payloads plain. */
  readonly plainTemporal: Client;
  /** One vehicle for each trip in flight. */
  readonly vehicles: readonly string[];
  readonly bareWorkerPid: number;
}

/** Starts everything, with vehicles and riders for this many trips in flight. */
export async function openLab(inFlight: number): Promise<Lab> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), "fanfare-bench-"));
    stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const keys = await createDevKeys(join(folder, "secrets", "keys"));
    const logFolder = join(folder, "logs");
    const attributes = Object.values(searchAttributes).map((name) => [name, "Keyword"]);
    const servers = stack.use(
      await startServers({
        logFolder,
        data: join(folder, "data"),
        searchAttributes: Object.fromEntries(attributes),
      }),
    );
    const secretsFolder = join(folder, "secrets");
    const env = { LOG_LEVEL: "warn", CALL_RATES: "rider=10000" };
    const system = stack.use(await startSystem({ servers, secretsFolder, logFolder, env }));

    const keyFile = system.app("trips").env["TEMPORAL_CODEC_KEYS_FILE"] ?? "";
    const { address, namespace } = servers.temporal;
    const connection = await Connection.connect({ address });
    stack.defer(() => connection.close());
    const baseUrl = system.app("trips").url;
    const sessionManager = new Http2SessionManager(baseUrl);
    stack.defer(() => sessionManager.abort());
    const addMethod = async (index: number) => {
      const token = await mintToken(keys, { role: "rider", subject: `rider-${index}` });
      return await addPaymentMethod(
        createConnectTransport({ baseUrl: system.app("riders").url, httpVersion: "1.1" }),
        "pm_card_visa",
        { headers: { authorization: `Bearer ${token}` }, timeoutMs: 60_000 },
      );
    };
    const openTransport = async (caller: TokenClaims) => {
      const token = await mintToken(keys, caller);
      const withToken: Interceptor = (next) => async (request) => {
        request.header.set("authorization", `Bearer ${token}`);
        return await next(request);
      };
      return createConnectTransport({
        baseUrl,
        httpVersion: "2",
        sessionManager,
        interceptors: [withToken],
        defaultTimeoutMs: 60_000,
      });
    };
    const openRider = async (index: number) => {
      const caller = { role: "rider", subject: `rider-${index}` } as const;
      return createClient(TripsService, await openTransport(caller));
    };
    const operator = await openTransport({ role: "operator", subject: "bench" });
    const opened = {
      servers,
      system,
      riders: await Promise.all(Array.from({ length: inFlight }, (_, index) => openRider(index))),
      paymentMethods: await Promise.all(
        Array.from({ length: inFlight }, (_, index) => addMethod(index)),
      ),
      operations: createClient(TripOperationsService, operator),
      temporal: new Client({ connection, namespace, dataConverter: openConverter(keyFile) }),
      plainTemporal: new Client({ connection, namespace }),
      vehicles: await addVehicles(system, inFlight),
      bareWorkerPid: startBareWorker([address, "bare"], stack),
    };
    startBareWorker([address, "bare-encrypted", keyFile], stack);
    const owned = stack.move();
    return { ...opened, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function startBareWorker(options: readonly string[], stack: AsyncDisposableStack): number {
  const program = fileURLToPath(new URL("bare-worker.ts", import.meta.url));
  const child = fork(program, options, {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    detached: true,
  });
  const ended = once(child, "exit");
  stack.defer(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  if (child.pid === undefined) throw new Error("the bare worker cannot be started");
  return child.pid;
}

async function addVehicles(system: System, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `bench-${index}`);
  const client = new PostgresClient({
    connectionString: await readFile(system.app("fleet").env["DATABASE_URL_FILE"] ?? "", "utf8"),
  });
  await client.connect();
  await client.query(
    "insert into vehicles select id, 'Renault Zoe', 45, 4, true from unnest($1::text[]) as id",
    [ids],
  );
  await client.end();
  return ids;
}
