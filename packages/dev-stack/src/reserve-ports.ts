import { createSocket, type Socket } from "node:dgram";
import { createServer } from "node:net";

/** Below the ephemeral ports of outgoing connections, and above the ports that people use. */
const [lowest, highest] = [15_000, 32_000];

/** TCP ports of 127.0.0.1 that no other reservation contains, in any process. */
export interface ReservedPorts extends AsyncDisposable {
  readonly ports: readonly number[];
  /** Returns the ports. The end of this process does so as well. */
  release(): Promise<void>;
}

/**
 * Reserves TCP ports of 127.0.0.1 on which no process listens, for servers that are started, killed and
 * restarted later. A UDP socket on the same number holds a reservation, so that the number stays free for
 * the server, and the operating system ends the reservation with this process.
 */
export async function reservePorts(count: number): Promise<ReservedPorts> {
  const sockets: Socket[] = [];
  const ports: number[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(sockets.splice(0).map(closeSocket));
  };
  try {
    for (let attempt = 0; ports.length < count; attempt++) {
      if (attempt > count + 1_000) {
        throw new Error(`expected a free port between ${lowest} and ${highest} on 127.0.0.1`);
      }
      const port = lowest + Math.floor(Math.random() * (highest - lowest));
      const socket = await holdPort(port);
      if (socket === undefined) continue;
      sockets.push(socket);
      if (await isPortFree(port)) ports.push(port);
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { ports, release, [Symbol.asyncDispose]: release };
}

/** Reserves one port, until this process ends. */
export async function reservePort(): Promise<number> {
  const { ports } = await reservePorts(1);
  return ports[0] ?? 0;
}

/** Returns whether no process listens on a port of 127.0.0.1. */
export async function isPortFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
    server.close(() => resolve(true));
  });
  return await promise;
}

/** Resolves to undefined when another reservation contains the port. */
async function holdPort(port: number): Promise<Socket | undefined> {
  const { promise, resolve } = Promise.withResolvers<Socket | undefined>();
  const socket = createSocket("udp4");
  socket.once("error", () => {
    socket.close();
    resolve(undefined);
  });
  socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => resolve(socket.unref()));
  return await promise;
}

async function closeSocket(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => socket.close(resolve));
}
