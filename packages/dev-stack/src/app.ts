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

/** Starts one app with the command that a person types, and resolves when its /readyz answers 200. */
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
    answers: async () => (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok,
  });
  return Object.assign(server, { name, url, logFile, env: variables });
}
