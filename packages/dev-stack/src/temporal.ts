import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import { createDataFolder } from "./data-folder.ts";
import type { DevServer } from "./dev-server.ts";
import { startGuarded } from "./guarded-process.ts";
import { temporalCli } from "./programs.ts";
import type { Progress } from "./progress.ts";
import { provideProgram } from "./provide-program.ts";
import { createExternalServer, startServer } from "./start-server.ts";
import { acceptsConnections } from "./temporal-server.ts";
import { startTlsProxy } from "./tls-proxy.ts";

/** Options of {@link startTemporal}. */
export interface TemporalOptions {
  readonly port?: number | undefined;
  /** The port of the web UI. Default: no web UI. */
  readonly uiPort?: number | undefined;
  /** The codec server that the web UI calls, such as http://127.0.0.1:8234. Default: none. */
  readonly uiCodecEndpoint?: string | undefined;
  /** The folder of the workflows. Default: a temporary folder, removed by `stop`. */
  readonly data?: string | undefined;
  /**
   * The certificate of a proxy before the server, which has no TLS: the proxy demands TLS and client
   * certificates. The server itself still answers on another port of 127.0.0.1. Default: no proxy.
   */
  readonly tls?: CertificateFiles | undefined;
  readonly logFile?: string | undefined;
  /** Search attributes to create, such as { TripStatus: "Keyword" }. */
  readonly searchAttributes?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
}

/** A Temporal server. */
export interface Temporal extends DevServer {
  /** Host and port, such as 127.0.0.1:7233. */
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | undefined;
  /** The file of its database. Absent: the server is not of this process. */
  readonly database?: string;
}

/**
 * With its default settings, the development server adds about 100 ms to each step of a workflow, and deletes one
 * up to 30 s after it closed.
 */
const dynamicConfig = [
  "history.transferProcessorMaxPollRPS=200",
  "history.timerProcessorMaxPollRPS=200",
  'history.transferProcessorUpdateAckInterval="1s"',
  'history.visibilityProcessorUpdateAckInterval="1s"',
  "system.enableActivityEagerExecution=true",
];

/**
 * Returns the Temporal server at TEMPORAL_ADDRESS, or starts a development server on 127.0.0.1. Creates
 * no search attributes on a server named in the environment.
 */
export async function startTemporal(options: TemporalOptions = {}): Promise<Temporal> {
  const { env = process.env } = options;
  if (env.TEMPORAL_ADDRESS) {
    return Object.assign(createExternalServer("Temporal", "TEMPORAL_ADDRESS"), {
      address: env.TEMPORAL_ADDRESS,
      namespace: env.TEMPORAL_NAMESPACE ?? "default",
      uiUrl: undefined,
    });
  }
  const command = await provideProgram(temporalCli, options);
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await createDataFolder("temporal", options));
  const temporaryFolder = folder.temporary ? folder.path : undefined;
  const database = join(folder.path, "temporal.db");
  const server = await startServer({
    name: "temporal",
    portCount: 1,
    ports: options.port === undefined || options.tls !== undefined ? undefined : [options.port],
    temporaryFolder,
    logFile: folder.logFile,
    signal: options.signal,
    stopSignal: folder.temporary ? "SIGKILL" : "SIGTERM",
    launch: async ([port = 0]) =>
      await startGuarded({
        command,
        args: [
          "server",
          "start-dev",
          "--ip=127.0.0.1",
          `--port=${port}`,
          options.uiPort === undefined ? "--headless" : `--ui-port=${options.uiPort}`,
          ...(options.uiCodecEndpoint === undefined
            ? []
            : [`--ui-codec-endpoint=${options.uiCodecEndpoint}`]),
          `--db-filename=${database}`,
          "--sqlite-pragma=journal_mode=WAL",
          // A kill of the server loses nothing either way. When the machine crashes, NORMAL may lose the
          // last writes; OFF may damage the file as well, which is acceptable for temporary data.
          `--sqlite-pragma=synchronous=${folder.temporary ? "OFF" : "NORMAL"}`,
          ...dynamicConfig.map((value) => `--dynamic-config-value=${value}`),
          ...Object.entries(options.searchAttributes ?? {}).map(
            ([name, type]) => `--search-attribute=${name}=${type}`,
          ),
        ],
        temporaryFolder,
        logFile: folder.logFile,
      }),
    // It prints its address once it is ready and has created the search attributes.
    answers: async ([port = 0], process) =>
      process.output().includes(`:${port}`) && (await acceptsConnections(port)),
  });
  const stopServer = server.stop.bind(server);
  opening.defer(stopServer);
  const targetPort = server.ports[0] ?? 0;
  const proxy =
    options.tls && (await startTlsProxy({ port: options.port, targetPort, files: options.tls }));
  opening.move();
  const stop = async (): Promise<void> => {
    await proxy?.close();
    await stopServer();
  };
  return Object.assign(server, {
    ...(proxy === undefined ? {} : { stop, [Symbol.asyncDispose]: stop }),
    address: `127.0.0.1:${proxy?.port ?? targetPort}`,
    namespace: "default",
    database,
    uiUrl: options.uiPort === undefined ? undefined : `http://127.0.0.1:${options.uiPort}`,
  });
}
