import { type Nats, type NatsOptions, startNats } from "./nats.ts";
import { reservePorts } from "./reserve-ports.ts";
import { stopAll } from "./stop-all.ts";

/** Options of {@link startNatsCluster}. */
export interface NatsClusterOptions extends Pick<NatsOptions, "config" | "env" | "signal"> {
  /** How many servers to start. Default: 3. */
  readonly size?: number;
}

/** NATS servers on 127.0.0.1 that form one cluster with JetStream. */
export interface NatsCluster extends AsyncDisposable {
  /** The addresses of all servers. */
  readonly urls: readonly string[];
  /** The servers, by the name that JetStream reports: "n1", "n2", … */
  readonly servers: ReadonlyMap<string, Nats>;
  stop(): Promise<void>;
}

/**
 * Starts a cluster of NATS servers with temporary stores. Each server can be killed and started again
 * on its own. The servers answer, but may still elect their leaders.
 */
export async function startNatsCluster(options: NatsClusterOptions = {}): Promise<NatsCluster> {
  const { size = 3, config = "", ...common } = options;
  const reserved = await reservePorts(size);
  const routes = reserved.ports.map((port) => `"nats://127.0.0.1:${port}"`).join(", ");
  const starting = reserved.ports.map((port, index) =>
    startNats({
      ...common,
      config: `server_name: n${index + 1}
cluster { name: fanfare, listen: "127.0.0.1:${port}", routes: [${routes}] }
${config}`,
    }),
  );
  const stop = async () => {
    await stopAll(starting);
    await reserved.release();
  };
  try {
    const started = await Promise.all(starting);
    return {
      urls: started.map(({ url }) => url),
      servers: new Map(started.map((server, index) => [`n${index + 1}`, server])),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
