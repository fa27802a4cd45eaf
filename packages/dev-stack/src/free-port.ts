import { createServer, type Server } from "node:net";

/** Below the ephemeral ports of outgoing connections, and above the ports that people use. */
const [lowest, highest] = [15_000, 32_000];

/**
 * Returns distinct ports of 127.0.0.1 on which no process listens. Another process may take one before
 * it is used, so callers must be able to try again with another port.
 */
export async function findFreePorts(count: number): Promise<readonly number[]> {
  const held: Server[] = [];
  const ports: number[] = [];
  try {
    for (let attempt = 0; ports.length < count; attempt++) {
      if (attempt > count + 1_000)
        throw new Error("no port between 15000 and 32000 is free on 127.0.0.1");
      const port = lowest + Math.floor(Math.random() * (highest - lowest));
      const server = await listen(port);
      if (server === undefined) continue;
      held.push(server);
      ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(held.map(close));
  }
}

/** Returns one port of 127.0.0.1 on which no process listens. */
export async function findFreePort(): Promise<number> {
  const [port] = await findFreePorts(1);
  if (port === undefined) throw new Error("no port between 15000 and 32000 is free on 127.0.0.1");
  return port;
}

/** Returns whether no process listens on a port of 127.0.0.1. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  await close(server);
  return true;
}

function listen(port: number): Promise<Server | undefined> {
  const { promise, resolve } = Promise.withResolvers<Server | undefined>();
  const server = createServer();
  server.once("error", () => resolve(undefined));
  server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  return promise;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
