import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Nats, startNats } from "./nats.ts";
import { type Postgres, startPostgres } from "./postgres.ts";
import type { Progress } from "./progress.ts";
import type { StackTls } from "./stack-tls.ts";
import { stopAll } from "./stop-all.ts";
import { startTemporal, type Temporal } from "./temporal.ts";

/** Options of {@link startServers}. */
export interface ServersOptions {
  /** The folder of the logs, one file for each server. */
  readonly logFolder: string;
  /** The folder of the data. Default: temporary folders, removed by `stop`. */
  readonly data?: string | undefined;
  /** Default: free ports, and no web UI of Temporal. */
  readonly ports?: ServerPorts | undefined;
  /** The codec server that the web UI of Temporal calls. */
  readonly uiCodecEndpoint?: string | undefined;
  /** The password of PostgreSQL's superuser. Default: fanfare. */
  readonly postgresPassword?: string | undefined;
  /** A file with the accounts and users of NATS. Default: everyone may do everything. */
  readonly natsConfigFile?: string | undefined;
  /** The certificates of servers and clients. Default: no TLS. */
  readonly tls?: StackTls | undefined;
  /** Search attributes to create, such as { TripStatus: "Keyword" }. */
  readonly searchAttributes?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The ports of the servers. */
export interface ServerPorts {
  readonly temporal: number;
  readonly temporalUi: number;
  readonly nats: number;
  readonly postgres: number;
}

/** The three servers that Fanfare needs. */
export interface Servers extends AsyncDisposable {
  readonly temporal: Temporal;
  readonly nats: Nats;
  readonly postgres: Postgres;
  stop(): Promise<void>;
}

/** Starts the three servers in parallel. When one fails, stops the others and rejects. */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const { tls, ...others } = options;
  const { logFolder, data, ports } = others;
  await mkdir(logFolder, { recursive: true });
  const common = (name: string) => ({
    ...others,
    logFile: join(logFolder, `${name}.log`),
    data: data === undefined ? undefined : join(data, name),
  });
  const starting = [
    startTemporal({
      ...common("temporal"),
      port: ports?.temporal,
      uiPort: ports?.temporalUi,
      tls: tls?.locate("temporal"),
    }),
    startNats({
      ...common("nats"),
      port: ports?.nats,
      configFile: options.natsConfigFile,
      tls: tls?.locate("nats"),
    }),
    startPostgres({
      ...common("postgres"),
      port: ports?.postgres,
      password: options.postgresPassword,
      tls: tls && { server: tls.locate("postgres-server"), admin: tls.locate("postgres") },
    }),
  ] as const;
  const stop = () => stopAll(starting);
  try {
    const [temporal, nats, postgres] = await Promise.all(starting);
    return { temporal, nats, postgres, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
