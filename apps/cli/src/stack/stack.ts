import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createUserOptions, type NatsOptions } from "@fanfare/bus-nats";
import {
  type AppPorts,
  createStackTls,
  type ServerPorts,
  type Servers,
  type System,
  startServers,
  startSystem,
} from "@fanfare/dev-stack";
import { adoptStreams, createNatsSecrets, locateAccounts, locateSeed } from "@fanfare/nats-users";
import {
  createDevKeys,
  createSecrets,
  type DevKeys,
  openSecretsFolder,
  readPostgresPassword,
  type SecretsFolder,
} from "@fanfare/secrets";
import type { TlsFiles } from "@fanfare/service";
import { toNatsTls } from "../nats/to-nats-tls.ts";
import { provision } from "../provision/provision.ts";
import { searchAttributeTypes } from "../provision/search-attributes.ts";
import { prepareServers } from "./prepare.ts";
import { startPageCodec } from "./start-page-codec.ts";

/** Options of {@link startStack}. */
export interface StackOptions {
  readonly logFolder: string;
  /** The folder of the secrets. What is missing in it is created. */
  readonly secretsFolder: string;
  /** The folder of the data. Default: temporary folders. */
  readonly data?: string | undefined;
  /** Default: free ports. */
  readonly ports?:
    | { readonly servers: ServerPorts & { readonly codec: number }; readonly apps: AppPorts }
    | undefined;
  /** Encrypts every connection with certificates of an authority that ends with the stack. */
  readonly tls?: boolean | undefined;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The provisioned servers and the apps. */
export interface Stack extends AsyncDisposable {
  readonly servers: Servers;
  readonly system: System;
  readonly keys: DevKeys;
  /** Where NATS is, and how to log in there as an operator. */
  readonly nats: NatsOptions;
  /** The certificate of the CLI. Undefined without TLS. */
  readonly tls: TlsFiles | undefined;
  /** Resolves when a server or an app exits unexpectedly, with its name and the end of its log. */
  readonly died: Promise<string>;
}

/** Starts everything, and reports each part. When one fails, stops the others and rejects. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { logFolder, secretsFolder, progress, signal, data, ports } = options;
  const began = performance.now();
  const report = (what: string): void => {
    progress(`${what.padEnd(36)} ${((performance.now() - began) / 1000).toFixed(1)} s`);
  };
  await using started = new AsyncDisposableStack();
  await mkdir(logFolder, { recursive: true });
  await prepareServers(progress, { signal });
  await createSecrets(secretsFolder);
  await createNatsSecrets(secretsFolder);
  if (data !== undefined) await adoptStreams(join(data, "nats", "store"));
  const secrets = openSecretsFolder(secretsFolder);
  const keys = await createDevKeys(join(secretsFolder, "keys"));
  const pageCodec =
    ports === undefined || process.env.TEMPORAL_ADDRESS
      ? undefined
      : started.use(
          await startPageCodec({
            secretsFolder,
            keys,
            port: ports.servers.codec,
            pagePort: ports.servers.temporalUi,
          }),
        );
  const tls = options.tls ? await createStackTls(join(secretsFolder, "tls")) : undefined;
  const operator = tls?.locate("operator");
  const servers = started.use(
    await startServers({
      logFolder,
      data,
      ports: ports?.servers,
      uiCodecEndpoint: pageCodec?.endpoint,
      tls,
      postgresPassword: await readPostgresPassword(secrets),
      natsConfigFile: locateAccounts(secrets),
      searchAttributes: searchAttributeTypes,
      signal,
    }),
  );
  const { temporal, nats, postgres } = servers;
  const natsSecrets = nats.own ? secrets : openExternalSecrets();
  report("Temporal, NATS and PostgreSQL are ready");
  await provision({
    natsUrl: nats.url,
    natsCredentials:
      natsSecrets === undefined
        ? {}
        : { nkeyFile: locateSeed(natsSecrets, "provision"), ...toNatsTls(operator) },
    temporal: temporal.own ? undefined : temporal,
  });
  const system = started.use(
    await startSystem({
      servers,
      secretsFolder,
      natsSecrets,
      logFolder,
      ports: ports?.apps,
      tls,
      signal,
      onReady: (name) => report(`${name} is ready`),
    }),
  );
  const all = started.move();
  return {
    servers,
    system,
    keys,
    nats: {
      servers: nats.url,
      ...(natsSecrets === undefined
        ? {}
        : createUserOptions("operator", { nkeyFile: locateSeed(natsSecrets, "operator") })),
      ...(nats.own ? toNatsTls(operator) : {}),
    },
    tls: operator,
    died: Promise.race([temporal.died, nats.died, postgres.died, system.died]),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Opens the folder with the NKeys that the server at NATS_URL knows, if NATS_SECRETS names one. */
function openExternalSecrets(): SecretsFolder | undefined {
  const { NATS_SECRETS } = process.env;
  return NATS_SECRETS ? openSecretsFolder(NATS_SECRETS) : undefined;
}
