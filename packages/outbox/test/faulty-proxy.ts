import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** An error that the proxy answers instead of PostgreSQL. */
export interface Fault {
  /** "connect", or a part of the statement that fails. */
  readonly at: string;
  readonly code: string;
  readonly message: string;
}

/** A pooler in front of PostgreSQL that can report errors of its own. */
export interface FaultyProxy extends AsyncDisposable {
  readonly url: string;
  /** What new connections and statements are answered with. */
  fault: Fault | undefined;
}

/** Starts a proxy of the server of a database URL. */
export async function startFaultyProxy(databaseUrl: string): Promise<FaultyProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    upstream.pipe(client);
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    let started = false;
    client.on("data", (chunk) => {
      const { fault } = proxy;
      const failsNow =
        fault !== undefined && (started ? chunk.includes(fault.at) : fault.at === "connect");
      const first = !started;
      started = true;
      if (!failsNow) upstream.write(chunk);
      else if (first) client.end(encodeError(fault, "FATAL"));
      else client.write(Buffer.concat([encodeError(fault, "ERROR"), readyForQuery]));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = new URL(databaseUrl);
  url.port = String(typeof address === "object" ? address?.port : "");
  const proxy: FaultyProxy = {
    url: url.href,
    fault: undefined,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return proxy;
}

const readyForQuery = encode("Z", "I");

function encodeError({ code, message }: Fault, severity: string): Buffer {
  return encode("E", `S${severity}\0V${severity}\0C${code}\0M${message}\0\0`);
}

/** Encodes a message of PostgreSQL's protocol: its type, its length, its body. */
function encode(type: string, body: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + Buffer.byteLength(body));
  return Buffer.concat([Buffer.from(type), length, Buffer.from(body)]);
}
