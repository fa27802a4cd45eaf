import {
  type Nats,
  type NatsCluster,
  type NatsOptions,
  startNats,
  startNatsCluster,
} from "@fanfare/dev-stack";

/** When the server syncs to disk, and further settings of JetStream. */
export type NatsServerOptions = Pick<NatsOptions, "syncInterval" | "jetStream">;

/** Starts a server for one test file, whatever NATS_URL is set to. */
export function startOwnNats(config = "", options: NatsServerOptions = {}): Promise<Nats> {
  return startNats({ env: omitServer(), config, syncInterval: "2m", ...options });
}

/** Starts a cluster of three servers for one test file. */
export function startOwnCluster(config = ""): Promise<NatsCluster> {
  return startNatsCluster({ env: omitServer(), config });
}

function omitServer(): NodeJS.ProcessEnv {
  const { NATS_URL: _, ...env } = process.env;
  return env;
}
