import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type AppPorts,
  createDevKeys,
  type DevKeys,
  type ServerPorts,
  type Servers,
  type System,
  startServers,
  startSystem,
} from "@fanfare/dev-stack";
import { prepareServers } from "./prepare.ts";
import { provision } from "./provision.ts";
import { searchAttributeTypes } from "./search-attributes.ts";

export interface StackOptions {
  readonly logFolder: string;
  readonly keysFolder: string;
  /** Where data is kept; in temporary folders when absent. */
  readonly data?: string | undefined;
  /** Free ones when absent. */
  readonly ports?: { readonly servers: ServerPorts; readonly apps: AppPorts } | undefined;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Stack is everything: the servers, provisioned, and the seven processes on them. */
export interface Stack extends AsyncDisposable {
  readonly servers: Servers;
  readonly system: System;
  readonly keys: DevKeys;
  readonly streams: readonly string[];
  /** Resolves when a server or a process ends without having been asked to, with which and how. */
  readonly died: Promise<string>;
}

/** startStack starts everything, telling of each part; when one fails, it stops the others and rejects. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { logFolder, keysFolder, progress, signal, data, ports } = options;
  const began = performance.now();
  const tell = (what: string): void => {
    progress(`${what.padEnd(36)} ${((performance.now() - began) / 1000).toFixed(1)} s`);
  };
  await using started = new AsyncDisposableStack();
  await mkdir(logFolder, { recursive: true });
  await prepareServers(progress, { signal });
  const keys = await createDevKeys(keysFolder);
  const servers = started.use(
    await startServers({
      logFolder,
      data,
      ports: ports?.servers,
      searchAttributes: searchAttributeTypes,
      signal,
    }),
  );
  const { temporal, nats, postgres } = servers;
  tell("Temporal, NATS and PostgreSQL are up");
  const { streams } = await provision({
    natsUrl: nats.url,
    temporal: temporal.own ? undefined : temporal,
  });
  const system = started.use(
    await startSystem({
      servers,
      keys,
      logFolder,
      serviceTokenFile: join(keysFolder, "service.token"),
      ports: ports?.apps,
      signal,
      onReady: (name) => tell(`${name} is ready`),
    }),
  );
  const all = started.move();
  return {
    servers,
    system,
    keys,
    streams,
    died: Promise.race([temporal.died, nats.died, postgres.died, system.died]),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
