import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createDevKeys,
  type DevKeys,
  mintToken,
  type Servers,
  type System,
  startServers,
  startSystem,
} from "@fanfare/dev-stack";
import { createNatsSecrets, locateAccounts } from "@fanfare/nats-users";
import { openSecretsFolder } from "@fanfare/secrets";
import { searchAttributes } from "@fanfare/trip-contract";
import { type Clients, createClients } from "./clients.ts";
import { provisionNats } from "./provision-nats.ts";

/** The three servers, all apps, and clients of the apps. */
export interface Stack extends AsyncDisposable {
  readonly servers: Servers;
  readonly system: System;
  readonly keys: DevKeys;
  readonly secretsFolder: string;
  readonly clients: Clients;
}

/**
 * Starts everything on free ports, with data and logs in a temporary folder. Each app logs in to NATS as its own
 * user. `env` is added to the variables of every app.
 */
export async function startStack(env: Readonly<Record<string, string>> = {}): Promise<Stack> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), "fanfare-e2e-"));
    stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const secretsFolder = join(folder, "secrets");
    const keys = await createDevKeys(join(secretsFolder, "keys"));
    await createNatsSecrets(secretsFolder);
    const natsSecrets = openSecretsFolder(secretsFolder);
    const logFolder = join(folder, "logs");
    const attributes = Object.values(searchAttributes).map((name) => [name, "Keyword"]);
    const servers = stack.use(
      await startServers({
        logFolder,
        searchAttributes: Object.fromEntries(attributes),
        natsConfigFile: locateAccounts(natsSecrets),
        // Servers named in the environment cannot be killed.
        env: withoutServers(process.env),
      }),
    );
    await provisionNats(servers.nats.url, natsSecrets);
    const system = stack.use(
      await startSystem({
        servers,
        secretsFolder,
        natsSecrets,
        logFolder,
        // The tests take the trips of many riders as a few of them.
        env: { CALL_RATES: "rider=1000", ...env },
      }),
    );
    const clients = createClients({
      findUrl: (name) => system.app(name).url,
      mintToken: (claims) => mintToken(keys, claims),
    });
    const owned = stack.move();
    return {
      servers,
      system,
      keys,
      secretsFolder,
      clients,
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function withoutServers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const addresses = ["TEMPORAL_ADDRESS", "NATS_URL", "POSTGRES_ADMIN_URL"];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !addresses.includes(name)));
}
