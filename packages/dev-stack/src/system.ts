import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  codecKeysFile,
  createDevKeys,
  createSecrets,
  defaultConnectionLimit,
  openSecretsFolder,
  readDatabaseLogins,
  type SecretsFolder,
  serviceKeyFile,
  serviceKeySetFile,
} from "@fanfare/secrets";
import {
  type AppName,
  appNames,
  appPorts,
  callsServices,
  hasDatabase,
  type PortName,
  portNames,
  servesCalls,
  usesTemporal,
} from "@fanfare/topology";
import { type App, startApp } from "./app.ts";
import { reservePorts } from "./reserve-ports.ts";
import type { Servers } from "./servers.ts";
import { nameCertificates, type StackTls } from "./stack-tls.ts";
import { stopAll } from "./stop-all.ts";

/** The ports of the apps. `registry` is the port of trips for services only. */
export type AppPorts = Readonly<Record<PortName, number>>;

/** Options of {@link startSystem}. */
export interface SystemOptions {
  readonly servers: Servers;
  /** The folder of the secrets. What is missing in it is created. */
  readonly secretsFolder: string;
  /** The folder of the logs, one file for each app. */
  readonly logFolder: string;
  /** Default: free ports. */
  readonly ports?: AppPorts | undefined;
  /** The folder with the NKeys that NATS knows. Default: everyone may connect. */
  readonly natsSecrets?: SecretsFolder | undefined;
  /** The certificates of the apps. Default: no TLS. */
  readonly tls?: StackTls | undefined;
  /** Variables for all apps in addition to their own, such as LOG_LEVEL. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called when an app is ready, with the milliseconds that its start took. */
  readonly onReady?: ((name: AppName, milliseconds: number) => void) | undefined;
}

/** The processes of the apps, each of which can be killed and restarted. */
export interface System extends AsyncDisposable {
  app(name: AppName): App;
  /** The URL of the trip registry, which only services may call. */
  readonly registryUrl: string;
  /** Resolves when an app exits unexpectedly, with its exit status and the end of its log. */
  readonly died: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Creates the secrets and a database for each app, starts the apps in parallel, and resolves once all are
 * ready. When one fails, stops the others and rejects. An app that exits later is not restarted.
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { servers, secretsFolder, logFolder, tls } = options;
  const scheme = tls === undefined ? "http" : "https";
  await mkdir(logFolder, { recursive: true });
  await using opening = new AsyncDisposableStack();
  const ports = options.ports ?? namePorts(opening.use(await reservePorts(portNames.length)).ports);
  const secrets = await provisionSecrets(secretsFolder, servers);
  const keys = await createDevKeys(join(secretsFolder, "keys"));
  const shared = {
    HOST: "127.0.0.1",
    AUTH_ISSUER: keys.issuer,
    AUTH_AUDIENCE: keys.audience,
    NATS_URL: servers.nats.url,
    TEMPORAL_ADDRESS: servers.temporal.address,
    TEMPORAL_NAMESPACE: servers.temporal.namespace,
    TRIPS_URL: `${scheme}://127.0.0.1:${ports.registry}`,
    FLEET_URL: `${scheme}://127.0.0.1:${ports.fleet}`,
    BILLING_URL: `${scheme}://127.0.0.1:${ports.billing}`,
    NOTIFICATIONS_URL: `${scheme}://127.0.0.1:${ports.notifications}`,
    RIDERS_URL: `${scheme}://127.0.0.1:${ports.riders}`,
    INTERNAL_PORT: String(ports.registry),
    REFLECTION: "true",
    ...options.env,
  };
  const nameNatsKey = async (name: AppName): Promise<Record<string, string>> => {
    const { natsSecrets } = options;
    if ((await natsSecrets?.read(name, "nats.nk")) === undefined) return {};
    return { NATS_NKEY_FILE: natsSecrets?.locate(name, "nats.nk") ?? "" };
  };
  const starting = appNames.map(async (name) => {
    const began = performance.now();
    const env = {
      ...shared,
      ...nameSecrets(name, secrets),
      ...(await nameNatsKey(name)),
      ...(tls && nameCertificates(tls.locate(name))),
    };
    const logFile = join(logFolder, `${name}.log`);
    const app = await startApp({
      name,
      ...(servesCalls(name) ? { port: ports[name] } : {}),
      healthPort: ports[`${name}-health`],
      env,
      logFile,
      signal: options.signal,
    });
    options.onReady?.(name, performance.now() - began);
    return app;
  });
  opening.defer(() => stopAll(starting));
  const apps = await Promise.all(starting);
  const opened = opening.move();
  const stop = () => opened.disposeAsync();
  return {
    app: (name) => findApp(name, apps),
    registryUrl: shared.TRIPS_URL,
    died: Promise.race(apps.map((app) => app.died)),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function namePorts(free: readonly number[]): AppPorts {
  const ports: Record<PortName, number> = { ...appPorts };
  for (const [index, name] of portNames.entries()) ports[name] = free[index] ?? 0;
  return ports;
}

function findApp(name: AppName, apps: readonly App[]): App {
  const app = apps.find((one) => one.name === name);
  if (app === undefined) throw new Error(`expected an app, got "${name}"`);
  return app;
}

/** Creates the missing secrets, and the databases and roles that they belong to. */
async function provisionSecrets(path: string, { postgres }: Servers): Promise<SecretsFolder> {
  const { adminUrl: postgresUrl, databasePrefix } = postgres;
  await createSecrets(path, { postgresUrl, databasePrefix });
  const secrets = openSecretsFolder(path);
  await postgres.provision(await readDatabaseLogins(secrets), defaultConnectionLimit);
  return secrets;
}

/** Returns the variables that name an app's own secrets. */
function nameSecrets(name: AppName, secrets: SecretsFolder): Record<string, string> {
  return {
    ...(servesCalls(name)
      ? {
          AUTH_JWKS: secrets.locate(name, "jwks.json"),
          AUTH_SERVICE_JWKS: secrets.locate(name, serviceKeySetFile),
        }
      : {}),
    ...(hasDatabase(name) ? { DATABASE_URL_FILE: secrets.locate(name, "database-url") } : {}),
    ...(usesTemporal(name)
      ? { TEMPORAL_CODEC_KEYS_FILE: secrets.locate(name, codecKeysFile) }
      : {}),
    ...(callsServices(name) ? { SERVICE_KEY_FILE: secrets.locate(name, serviceKeyFile) } : {}),
  };
}
