import { chown, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { createDataFolder } from "./data-folder.ts";
import type { DevServer } from "./dev-server.ts";
import { startGuarded } from "./guarded-process.ts";
import type { PgBouncerProgram } from "./pgbouncer-program.ts";
import { createRunner } from "./postgres-program.ts";
import { startServer } from "./start-server.ts";

/** Options of {@link startPgBouncer}. */
export interface PgBouncerOptions {
  readonly program: PgBouncerProgram;
  /** The addresses of the databases on one server, each with its own role and password. */
  readonly databaseUrls: readonly string[];
  /** The connections to PostgreSQL for each database. Default: 4. */
  readonly poolSize?: number;
}

/** A PgBouncer in transaction mode. */
export interface PgBouncer extends DevServer {
  /** Returns the address through which a client reaches the database of a URL. */
  route(databaseUrl: string): string;
}

/** Starts PgBouncer in transaction mode on 127.0.0.1, before the databases of a server. */
export async function startPgBouncer({
  program,
  databaseUrls,
  poolSize = 4,
}: PgBouncerOptions): Promise<PgBouncer> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await createDataFolder("pgbouncer", {}));
  // It refuses to run as root, as PostgreSQL does.
  const runner = await createRunner(dirname(program.command), folder.path);
  const [config, users] = [join(folder.path, "pgbouncer.ini"), join(folder.path, "users.txt")];
  const urls = databaseUrls.map((url) => new URL(url));
  const accounts = urls.map(({ username, password }) =>
    [username, password].map((text) => JSON.stringify(decodeURIComponent(text))).join(" "),
  );
  await writeFile(users, `${accounts.join("\n")}\n`);
  const server = await startServer({
    name: "pgbouncer",
    portCount: 1,
    temporaryFolder: folder.path,
    logFile: folder.logFile,
    stopSignal: "SIGKILL",
    async launch([port = 0]) {
      const settings = {
        listen_addr: "127.0.0.1",
        listen_port: port,
        unix_socket_dir: "",
        auth_type: "scram-sha-256",
        auth_file: users,
        pool_mode: "transaction",
        default_pool_size: poolSize,
        max_client_conn: 200,
      };
      const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
      const target = `* = host=127.0.0.1 port=${urls[0]?.port}`;
      await writeFile(config, `[databases]\n${target}\n[pgbouncer]\n${lines.join("\n")}\n`);
      if (runner.owner !== undefined) {
        for (const path of [folder.path, config, users]) {
          await chown(path, runner.owner.uid, runner.owner.gid);
        }
      }
      const [command, ...args] = [...runner.prefix, program.command, config];
      return await startGuarded({
        command,
        args,
        cwd: folder.path,
        env: program.env,
        temporaryFolder: folder.path,
        logFile: folder.logFile,
        ...runner.as,
      });
    },
    answers: async ([port = 0]) => await accepts(port),
  });
  opening.move();
  return Object.assign(server, {
    route(databaseUrl: string) {
      const url = new URL(databaseUrl);
      url.port = String(server.ports[0]);
      return url.href;
    },
  });
}

async function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: "127.0.0.1", port, timeout: 1_000 });
  socket.once("connect", () => resolve(true));
  for (const event of ["timeout", "error", "close"]) socket.once(event, () => resolve(false));
  return await promise.finally(() => socket.destroy());
}
