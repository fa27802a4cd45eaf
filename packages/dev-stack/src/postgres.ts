import { chown } from "node:fs/promises";
import { join } from "node:path";
import {
  createDatabaseUrl,
  createPassword,
  createVerifier,
  type DatabaseLogins,
  dropDatabase,
  nameLogins,
  provisionDatabases,
} from "@fanfare/secrets";
import { Client } from "pg";
import type { CertificateFiles } from "./certificates.ts";
import { createDataFolder } from "./data-folder.ts";
import type { DevServer } from "./dev-server.ts";
import { startGuarded } from "./guarded-process.ts";
import { adminPassword, adminUser, ensureCluster } from "./postgres-cluster.ts";
import { setPassword } from "./postgres-password.ts";
import { createRunner, findPostgresBin } from "./postgres-program.ts";
import { addTlsParameters, preparePostgresTls } from "./postgres-tls.ts";
import { createExternalServer, startServer } from "./start-server.ts";

/** Options of {@link startPostgres}. */
export interface PostgresOptions {
  readonly port?: number | undefined;
  /** The folder with initdb and postgres. Default: POSTGRES_BIN, else the embedded version. */
  readonly bin?: string | undefined;
  /** The folder of the databases. Default: a temporary folder, removed by `stop`. */
  readonly data?: string | undefined;
  /** The superuser's password. Default: fanfare. */
  readonly password?: string | undefined;
  /** Demands TLS and client certificates. Default: no TLS. */
  readonly tls?: PostgresCertificates | undefined;
  readonly logFile?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The certificates of the server, and of its superuser. */
export interface PostgresCertificates {
  readonly server: CertificateFiles;
  readonly admin: CertificateFiles;
}

/** A PostgreSQL server. */
export interface Postgres extends DevServer {
  /** The superuser's URL, such as postgres://postgres:fanfare@127.0.0.1:5433/postgres. */
  readonly adminUrl: string;
  /** The letters before the names of databases on a server that others use as well, otherwise empty. */
  readonly databasePrefix: string;
  /**
   * Creates databases and the roles that may use them. Returns a sentence for each database that everyone
   * may connect to.
   */
  provision(logins: DatabaseLogins, connectionLimit?: number): Promise<readonly string[]>;
  /**
   * Creates a database for a test with its own role, to which no other role may connect, and returns the
   * URL for that role, which may change the settings of the database. Idempotent by name.
   */
  createDatabase(name: string): Promise<string>;
}

/**
 * Returns the PostgreSQL server at POSTGRES_ADMIN_URL, or starts one on 127.0.0.1. On a server named in
 * the environment, databases get unique names and are dropped by `stop`, unless `data` is set.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const { env = process.env } = options;
  if (env.POSTGRES_ADMIN_URL)
    return useExternalServer(env.POSTGRES_ADMIN_URL, options.data !== undefined);
  const bin = options.bin ?? env.POSTGRES_BIN ?? findPostgresBin();
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await createDataFolder("postgres", options));
  const runner = await createRunner(bin, folder.path);
  const data = join(folder.path, "cluster");
  if (runner.owner && folder.temporary) {
    await chown(folder.path, runner.owner.uid, runner.owner.gid);
  }
  const { password = adminPassword } = options;
  await ensureCluster(data, { bin, runner, env });
  await setPassword(data, { password, file: join(folder.path, "password"), bin, runner, env });
  const createUrl = (port: number) => createAdminUrl(port, password, options.tls?.admin);
  const temporaryFolder = folder.temporary ? folder.path : undefined;
  const server = await startServer({
    name: "postgres",
    portCount: 1,
    ports: options.port === undefined ? undefined : [options.port],
    temporaryFolder,
    logFile: folder.logFile,
    signal: options.signal,
    // SIGINT ends sessions and shuts down. SIGQUIT writes nothing back.
    stopSignal: folder.temporary ? "SIGQUIT" : "SIGINT",
    async launch([port = 0]) {
      const tls =
        options.tls &&
        (await preparePostgresTls(options.tls.server, {
          folder: folder.path,
          owner: runner.owner,
        }));
      const [command, ...args] = [...runner.prefix, join(bin, "postgres"), "-D", data];
      const settings = {
        port,
        listen_addresses: "127.0.0.1",
        unix_socket_directories: "",
        max_connections: 300,
        shared_buffers: "64MB",
        ...tls,
        // Without fsync, only a crash of the machine loses data; a kill of the server does not.
        ...(folder.temporary ? { fsync: "off", full_page_writes: "off" } : {}),
      };
      return await startGuarded({
        command,
        args: [...args, ...Object.entries(settings).flatMap(([k, v]) => ["-c", `${k}=${v}`])],
        cwd: folder.path,
        env: { LC_MESSAGES: "C" },
        temporaryFolder,
        logFile: folder.logFile,
        ...runner.as,
      });
    },
    answers: async ([port = 0]) => await acceptsConnections(createUrl(port)),
  });
  opening.move();
  const adminUrl = createUrl(server.ports[0] ?? 0);
  return Object.assign(server, { adminUrl, ...createDatabases(adminUrl, "") });
}

type Databases = Pick<Postgres, "databasePrefix" | "provision" | "createDatabase">;

/** Returns the functions that create databases. `onCreate` is called with the name of each database. */
function createDatabases(
  adminUrl: string,
  databasePrefix: string,
  onCreate: (database: string) => void = () => {},
): Databases {
  const urls = new Map<string, Promise<string>>();

  async function createDatabase(database: string): Promise<string> {
    onCreate(database);
    const [login] = nameLogins(database);
    const password = createPassword();
    const logins = { [database]: { [login]: await createVerifier(password) } };
    await provisionDatabases(adminUrl, logins, { roleOwnsDatabase: true });
    return createDatabaseUrl(new URL(adminUrl), { database, login, password });
  }

  return {
    databasePrefix,
    async provision(logins, connectionLimit) {
      for (const database of Object.keys(logins)) onCreate(database);
      return await provisionDatabases(adminUrl, logins, { connectionLimit });
    },
    async createDatabase(name) {
      const database = databasePrefix + name;
      const url = urls.get(database) ?? createDatabase(database);
      urls.set(database, url);
      try {
        return await url;
      } catch (error) {
        urls.delete(database);
        throw error;
      }
    },
  };
}

function useExternalServer(adminUrl: string, kept: boolean): Postgres {
  const made = new Set<string>();
  const prefix = `fanfare_${crypto.randomUUID().slice(0, 8)}_`;
  const stop = async (): Promise<void> => {
    for (const name of made) await dropDatabase(adminUrl, name);
    made.clear();
  };
  return {
    ...createExternalServer("PostgreSQL", "POSTGRES_ADMIN_URL"),
    adminUrl,
    ...(kept
      ? createDatabases(adminUrl, "")
      : createDatabases(adminUrl, prefix, (database) => made.add(database))),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function createAdminUrl(
  port: number,
  password: string,
  certificate: CertificateFiles | undefined,
): string {
  const url = `postgres://${adminUser}:${password}@127.0.0.1:${port}/postgres`;
  return certificate === undefined ? url : addTlsParameters(new URL(url), certificate).href;
}

async function acceptsConnections(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    return true;
  } finally {
    await client.end();
  }
}
