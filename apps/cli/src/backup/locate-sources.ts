import { access } from "node:fs/promises";
import { join } from "node:path";
import type { NatsOptions } from "@fanfare/bus-nats";
import { isRunning } from "@fanfare/dev-stack";
import { locateSeed } from "@fanfare/nats-users";
import { openSecretsFolder, readPostgresPassword } from "@fanfare/secrets";
import { readVariable } from "@fanfare/service";
import { CliError } from "../cli-error.ts";
import { readNatsLogin } from "../nats/nats-options.ts";
import { toNatsTls } from "../nats/to-nats-tls.ts";
import { getSecretsFolder, type RunningStack, readStack } from "../stack/running-stack.ts";
import { getStateFolder } from "../stack/state-folder.ts";
import { readCodecKeyIds } from "./codec-key-ids.ts";

/** What to back up. */
export interface Sources {
  /** The URL of a superuser of PostgreSQL. */
  readonly adminUrl: string;
  /** NATS, as a user who may call all of JetStream's API. */
  readonly nats: NatsOptions;
  /** Temporal's development server. Absent: the workflows are left out. */
  readonly temporal?: TemporalSource;
}

/** The workflows of a development server. */
export interface TemporalSource {
  /** The file of its database. */
  readonly database: string;
  /** The ids of the keys that decrypt it. */
  readonly codecKeys: readonly string[];
}

/**
 * Locates the servers that POSTGRES_ADMIN_URL and NATS_URL name, else those of the running stack. Rejects
 * when there are none.
 */
export async function locateSources(env: NodeJS.ProcessEnv): Promise<Sources> {
  const adminUrl = readVariable("POSTGRES_ADMIN_URL", env);
  if (adminUrl !== undefined || env.NATS_URL) return locateNamedServers(env, adminUrl);
  const stack = await readStack();
  if (stack === undefined || !isRunning(stack.pid)) {
    throw new CliError(
      `expected a running stack in ${getStateFolder()}: start it with npm start, ` +
        "or name your servers in POSTGRES_ADMIN_URL and NATS_URL",
    );
  }
  return await locateStack(stack);
}

function locateNamedServers(env: NodeJS.ProcessEnv, adminUrl: string | undefined): Sources {
  if (adminUrl === undefined || !env.NATS_URL) {
    throw new CliError(
      "expected both PostgreSQL and NATS: set POSTGRES_ADMIN_URL and NATS_URL, " +
        "or neither of them to back up the stack of npm start",
    );
  }
  return { adminUrl, nats: { servers: env.NATS_URL, ...readNatsLogin(env) } };
}

async function locateStack({ addresses, environments, tls }: RunningStack): Promise<Sources> {
  const data = join(getStateFolder(), "data");
  const database = join(data, "temporal", "temporal.db");
  for (const path of [database, join(data, "postgres", "cluster"), join(data, "nats")]) {
    await access(path).catch(() => {
      throw new CliError(
        `expected the server of the running stack with its data in ${path}, found none: ` +
          "name your servers in POSTGRES_ADMIN_URL and NATS_URL",
      );
    });
  }
  const secrets = openSecretsFolder(getSecretsFolder());
  const adminUrl = new URL(addresses["PostgreSQL"] ?? "");
  adminUrl.username = "postgres";
  adminUrl.password = (await readPostgresPassword(secrets)) ?? "";
  if (tls !== undefined) {
    // The address is shown, so it does not name the key of its certificate.
    adminUrl.searchParams.set("sslcert", tls.certFile ?? "");
    adminUrl.searchParams.set("sslkey", tls.keyFile ?? "");
  }
  const servers = environments["worker"]?.["NATS_URL"] ?? "";
  return {
    adminUrl: adminUrl.href,
    nats: { servers, nkeyFile: locateSeed(secrets, "provision"), ...toNatsTls(tls) },
    temporal: { database, codecKeys: await readCodecKeyIds(secrets) },
  };
}
