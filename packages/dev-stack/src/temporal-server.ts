import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { createDataFolder } from "./data-folder.ts";
import type { DevServer } from "./dev-server.ts";
import { isExecutable } from "./find-program.ts";
import { startGuarded } from "./guarded-process.ts";
import { startServer } from "./start-server.ts";

/** Options of {@link startTemporalServer}. */
export interface TemporalServerOptions {
  /** The path of `temporal-server`. */
  readonly command: string;
  /** Variables of its configuration, except those of its database and ports. */
  readonly env: Readonly<Record<string, string>>;
}

/** A server of the kind that a company runs, which can demand certificates and tokens. */
export interface TemporalServer extends DevServer {
  /** Host and port for clients, such as 127.0.0.1:7233. */
  readonly address: string;
  /** The addresses that its own parts listen on. */
  readonly internalAddresses: readonly string[];
}

/** Finds `temporal-server` on PATH. Returns undefined when there is none. */
export async function findTemporalServer(
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const folder of folders) {
    const file = join(folder, "temporal-server");
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

const services = ["FRONTEND", "INTERNAL_FRONTEND", "HISTORY", "MATCHING", "WORKER"];

/** The variables of all ports. The first one is for clients. */
const portVariables = [
  ...services.map((name) => `${name}_GRPC_PORT`),
  ...services.map((name) => `${name}_MEMBERSHIP_PORT`),
];

/** Starts Temporal's server on 127.0.0.1, without its HTTP API, and with temporary SQLite databases. */
export async function startTemporalServer({
  command,
  env,
}: TemporalServerOptions): Promise<TemporalServer> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await createDataFolder("temporal-server", {}));
  const server = await startServer({
    name: "temporal-server",
    portCount: portVariables.length,
    temporaryFolder: folder.path,
    logFile: folder.logFile,
    stopSignal: "SIGKILL",
    launch: async (ports) =>
      await startGuarded({
        command,
        args: ["start"],
        env: {
          ...process.env,
          ...env,
          DB: "sqlite",
          DBNAME: join(folder.path, "temporal.db"),
          VISIBILITY_DBNAME: join(folder.path, "visibility.db"),
          NUM_HISTORY_SHARDS: "1",
          BIND_ON_IP: "127.0.0.1",
          FRONTEND_HTTP_PORT: "0",
          INTERNAL_FRONTEND_HTTP_PORT: "0",
          ...Object.fromEntries(portVariables.map((name, i) => [name, String(ports[i])])),
        },
        temporaryFolder: folder.path,
        logFile: folder.logFile,
      }),
    answers: async ([port = 0]) => await acceptsConnections(port),
  });
  opening.move();
  const addresses = server.ports.map((port) => `127.0.0.1:${port}`);
  return Object.assign(server, {
    address: addresses[0] ?? "",
    internalAddresses: addresses.slice(1),
  });
}

/** Returns whether something listens on a port of 127.0.0.1. */
export async function acceptsConnections(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: "127.0.0.1", port, timeout: 1_000 });
  socket.once("connect", () => resolve(true));
  socket.once("timeout", () => resolve(false));
  socket.once("error", () => resolve(false));
  return await promise.finally(() => socket.destroy());
}
