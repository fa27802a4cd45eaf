import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "@fanfare/tools/cache-folder";
import type { AppName } from "@fanfare/topology";
import type { DevServer } from "./dev-server.ts";
import { startGuarded } from "./guarded-process.ts";
import { reservePort } from "./reserve-ports.ts";
import { startServer } from "./start-server.ts";

/** A running process of Fanfare. */
export interface App extends DevServer {
  readonly name: AppName;
  /** The address of its API, such as http://127.0.0.1:8080. */
  readonly url: string;
  /** The address of its health, readiness and metrics, such as http://127.0.0.1:9080. */
  readonly healthUrl: string;
  readonly logFile: string;
  /** The variables that it was started with, including PORT and HEALTH_PORT. */
  readonly env: Readonly<Record<string, string>>;
}

/** Options of {@link startApp}. */
export interface AppOptions {
  readonly name: AppName;
  /** Default: 0, for an app without an API. */
  readonly port?: number;
  /** Default: a free port. */
  readonly healthPort?: number;
  /** The variables that the app's --help prints; the ports come from `port` and `healthPort`. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts one app with the command that a person types, and resolves when it is ready and none of its
 * parts is degraded.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { name, port = 0, env, logFile, signal } = options;
  const healthPort = options.healthPort ?? (await reservePort());
  const url = `${env["TLS_CERT_FILE"] ? "https" : "http"}://127.0.0.1:${port}`;
  const healthUrl = `http://127.0.0.1:${healthPort}`;
  const variables = { ...env, PORT: String(port), HEALTH_PORT: String(healthPort) };
  const ports = port === 0 ? [healthPort] : [port, healthPort];
  const server = await startServer({
    name,
    ports,
    portCount: ports.length,
    logFile,
    signal,
    stopSignal: "SIGTERM",
    launch: async () =>
      await startGuarded({
        command: process.execPath,
        args: ["src/main.ts"],
        cwd: fileURLToPath(new URL(`../../../apps/${name}`, import.meta.url)),
        env: { NODE_COMPILE_CACHE: join(cacheFolder(), "compiled"), ...variables },
        logFile,
      }),
    // Polling faster slows down all processes that start at the same time.
    pollIntervalMs: 100,
    answers: async () => await isComplete(healthUrl),
  });
  return Object.assign(server, { name, url, healthUrl, logFile, env: variables });
}

async function isComplete(url: string): Promise<boolean> {
  const signal = AbortSignal.timeout(2_000);
  const [ready, alive] = await Promise.all(
    ["/readyz", "/healthz"].map((path) => fetch(url + path, { signal })),
  );
  const text = await alive?.text();
  return ready?.ok === true && text?.includes('"state":"degraded"') === false;
}
