import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  cacheFolder,
  createDevKeys,
  type Nats,
  type Postgres,
  startNats,
  startPostgres,
  waitUntil,
} from "@fanfare/dev-stack";
import { countMissing, type FireDatabases, type Group } from "./findings.ts";
import { connectFire, createTables } from "./fire-database.ts";
import { findAppFolder, type SupervisedProcess, superviseProcess } from "./supervised-process.ts";
import { waitUntilCaughtUp } from "./wait-until-caught-up.ts";
import { trips } from "./writing.ts";

/** The process of the relay or of a reactor. */
export type Role = Group | "relay";

/** An outbox, a relay, a stream and the reactors. Each of their processes can be killed. */
export interface Fire extends AsyncDisposable {
  readonly postgres: Postgres;
  readonly nats: Nats;
  readonly databases: FireDatabases;
  readonly processes: Readonly<Record<Role, SupervisedProcess>>;
  /** Restarts PostgreSQL in immediate mode, which drops all connections. */
  restartPostgres(): Promise<void>;
  /** Rejects when a process exits without having been killed. */
  readonly crashed: Promise<never>;
  /** Resolves once every committed event has its effects, to the milliseconds that this took. */
  settled(): Promise<number>;
}

const relayProgram = fileURLToPath(new URL("relay-process.ts", import.meta.url));

/** Starts its own servers, the relay and the reactors. */
export async function startFire(): Promise<Fire> {
  const stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "fanfare-fire-"));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  // Servers named in the environment cannot be killed.
  const { NATS_URL: _, POSTGRES_ADMIN_URL: __, ...env } = process.env;
  const [postgres, nats, keys] = await Promise.all([
    startPostgres({ env }),
    startNats({ env }),
    createDevKeys(folder),
  ]);
  stack.use(postgres);
  stack.use(nats);
  const urls = {
    relay: await postgres.createDatabase("fire"),
    revenue: await postgres.createDatabase("revenue"),
    audit: await postgres.createDatabase("audit"),
    notifications: await postgres.createDatabase("notifications"),
  };
  const databases: FireDatabases = {
    fire: connectFire(urls.relay),
    revenue: connectFire(urls.revenue),
    audit: connectFire(urls.audit),
    notifications: connectFire(urls.notifications),
  };
  stack.defer(async () => {
    await Promise.all(Object.values(databases).map((db) => db.destroy()));
  });
  await createTables(databases.fire, trips);

  function keep(role: Role, options: { readonly program: string; readonly cwd: string }) {
    const kept = superviseProcess({
      name: role,
      ...options,
      env: {
        PATH: env.PATH,
        HOME: env.HOME,
        NODE_COMPILE_CACHE: join(cacheFolder(env), "compiled"),
        AUTH_JWKS: keys.jwksFile,
        AUTH_ISSUER: keys.issuer,
        AUTH_AUDIENCE: keys.audience,
        DATABASE_URL: urls[role],
        NATS_URL: nats.url,
        PORT: "0",
        HEALTH_PORT: "0",
        // Nothing listens on port 1.
        RIDERS_URL: "http://127.0.0.1:1",
        SERVICE_TOKEN_FILE: keys.jwksFile,
        LOG_LEVEL: "warn",
      },
      logFile: join(folder, `${role}.log`),
    });
    stack.defer(() => kept.stop());
    return kept;
  }
  const app = (role: Group) => keep(role, { program: "src/main.ts", cwd: findAppFolder(role) });
  const processes = {
    relay: keep("relay", { program: relayProgram, cwd: folder }),
    revenue: app("revenue"),
    audit: app("audit"),
    notifications: app("notifications"),
  };

  const crashed = Promise.race(Object.values(processes).map((one) => one.crashed));
  crashed.catch(() => {});

  return {
    postgres,
    nats,
    databases,
    processes,
    crashed,
    async restartPostgres() {
      const { pid } = postgres;
      if (pid === undefined) throw new Error("PostgreSQL does not run");
      process.kill(pid, "SIGQUIT");
      await waitUntil(() => postgres.pid === undefined, { what: "the end of PostgreSQL" });
      await postgres.start();
    },
    async settled() {
      const began = performance.now();
      const settling = waitUntilCaughtUp({ countMissing: () => countMissing(databases), below: 1 });
      await Promise.race([settling, crashed]);
      return Math.round(performance.now() - began);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
