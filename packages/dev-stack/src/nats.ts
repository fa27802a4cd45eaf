import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join, relative } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { createDataFolder } from "./data-folder.ts";
import type { DevServer } from "./dev-server.ts";
import { startGuarded } from "./guarded-process.ts";
import { natsServer } from "./programs.ts";
import type { Progress } from "./progress.ts";
import { provideProgram } from "./provide-program.ts";
import { createExternalServer, startServer } from "./start-server.ts";

/** Options of {@link startNats}. */
export interface NatsOptions {
  readonly port?: number | undefined;
  /** The folder of the streams. Default: a temporary folder, removed by `stop`. */
  readonly data?: string | undefined;
  readonly logFile?: string | undefined;
  /**
   * How often writes are synced to disk: "always" after each write, or a duration such as "2m". Only a
   * crash of the machine loses unsynced writes; a kill of the server does not. Default: "always" for
   * data that is kept, "2m" for temporary data.
   */
  readonly syncInterval?: string;
  /** Demands TLS, and client certificates of the same authority. Default: no TLS. */
  readonly tls?: CertificateFiles | undefined;
  /** Further configuration of the server, such as its users. */
  readonly config?: string;
  /** A file with further configuration, which is read at each start and when the server is reloaded. */
  readonly configFile?: string | undefined;
  /** Further settings of JetStream, such as `domain: hub` or `max_file_store: 1MB`. */
  readonly jetStream?: string;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
}

/** A NATS server. */
export interface Nats extends DevServer {
  /** Such as nats://127.0.0.1:4222. */
  readonly url: string;
  readonly port: number;
}

/**
 * Returns the NATS server at NATS_URL, or starts one on 127.0.0.1 with JetStream and a store on disk.
 */
export async function startNats(options: NatsOptions = {}): Promise<Nats> {
  const { env = process.env } = options;
  if (env.NATS_URL) {
    const port = Number(new URL(env.NATS_URL).port || "4222");
    return { ...createExternalServer("NATS", "NATS_URL"), url: env.NATS_URL, port };
  }
  const command = await provideProgram(natsServer, options);
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await createDataFolder("nats", options));
  const sync = options.syncInterval ?? (folder.temporary ? "2m" : "always");
  const config = join(folder.path, "nats.conf");
  const temporaryFolder = folder.temporary ? folder.path : undefined;
  const server = await startServer({
    name: "nats-server",
    portCount: 1,
    ports: options.port === undefined ? undefined : [options.port],
    temporaryFolder,
    logFile: folder.logFile,
    signal: options.signal,
    stopSignal: folder.temporary ? "SIGKILL" : "SIGTERM",
    async launch([port = 0]) {
      const store = JSON.stringify(join(folder.path, "store"));
      const { configFile } = options;
      // The server resolves the path from the folder of its own configuration.
      const include =
        configFile === undefined
          ? ""
          : `include ${JSON.stringify(relative(folder.path, configFile))}\n`;
      await writeFile(
        config,
        `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${store}, sync_interval: "${sync}"\n${options.jetStream ?? ""} }\n${formatTls(options.tls)}${options.config ?? ""}\n${include}`,
      );
      return await startGuarded({
        command,
        args: ["-c", config],
        temporaryFolder,
        logFile: folder.logFile,
      });
    },
    answers: async ([port = 0]) => await answersWithJetStream(port),
  });
  opening.move();
  const port = server.ports[0] ?? 0;
  return Object.assign(server, { url: `nats://127.0.0.1:${port}`, port });
}

/** Returns whether the server on a port announces JetStream to new connections. */
async function answersWithJetStream(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: "127.0.0.1", port, timeout: 1_000 });
  socket.once("data", (data) => resolve(data.toString("utf8").includes('"jetstream":true')));
  socket.once("timeout", () => resolve(false));
  socket.once("error", () => resolve(false));
  socket.once("close", () => resolve(false));
  return await promise.finally(() => socket.destroy());
}

function formatTls(files: CertificateFiles | undefined): string {
  if (files === undefined) return "";
  const [cert, key, ca] = [files.certFile, files.keyFile, files.caFile].map((file) =>
    JSON.stringify(file),
  );
  return `tls { cert_file: ${cert}, key_file: ${key}, ca_file: ${ca}, verify: true }\n`;
}
