import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "@fanfare/tools/cache-folder";
import type { AppName } from "@fanfare/topology";
import type { DevServer } from "./dev-server.ts";
import { startGuarded } from "./guarded-process.ts";
import { startServer } from "./start-server.ts";

/** A running process of Fanfare. */
export interface App extends DevServer {
  readonly name: AppName;
  /** Such as http://127.0.0.1:8080. */
  readonly url: string;
  readonly logFile: string;
  /** The variables that it was started with, including PORT. */
  readonly env: Readonly<Record<string, string>>;
}

/** Options of {@link startApp}. */
export interface AppOptions {
  readonly name: AppName;
  readonly port: number;
  /** The variables that the app's --help prints; PORT comes from `port`. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts one app with the command that a person types, and resolves when it is ready and none of its
 * parts is degraded.
 */
export async function startApp({ name, port, env, logFile, signal }: AppOptions): Promise<App> {
  const url = `http://127.0.0.1:${port}`;
  const variables = { ...env, PORT: String(port) };
  const server = await startServer({
    name,
    ports: [port],
    portCount: 1,
    logFile,
    signal,
    stopSignal: "SIGTERM",
    launch: async () =>
      await startGuarded({
        command: process.execPath,
        args: ["src/main.ts"],
        cwd: fileURLToPath(new URL(`../../../apps/${name}`, import.meta.url)),
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          NODE_COMPILE_CACHE: join(cacheFolder(), "compiled"),
          ...variables,
        },
        logFile,
      }),
    // Polling faster slows down all processes that start at the same time.
    pollIntervalMs: 100,
    answers: async () => await isComplete(url),
  });
  return Object.assign(server, { name, url, logFile, env: variables });
}

async function isComplete(url: string): Promise<boolean> {
  const signal = AbortSignal.timeout(2_000);
  const [ready, alive] = await Promise.all(
    ["/readyz", "/healthz"].map((path) => fetch(url + path, { signal })),
  );
  const text = await alive?.text();
  return ready?.ok === true && text?.includes('"state":"degraded"') === false;
}
