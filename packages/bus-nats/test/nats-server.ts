import { type Nats, type NatsCluster, startNats, startNatsCluster } from "@fanfare/dev-stack";

/** Starts a server for one test file, whatever NATS_URL is set to. */
export function startOwnNats(config = "", syncInterval = "2m"): Promise<Nats> {
  return startNats({ env: omitServer(), config, syncInterval });
}

/** Starts a cluster of three servers for one test file. */
export function startOwnCluster(config = ""): Promise<NatsCluster> {
  return startNatsCluster({ env: omitServer(), config });
}

function omitServer(): NodeJS.ProcessEnv {
  const { NATS_URL: _, ...env } = process.env;
  return env;
}
