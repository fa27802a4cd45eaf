import { once } from "node:events";
import { createServer, type Http2Session, type ServerHttp2Stream } from "node:http2";

/** An HTTP/2 server that sends the same response to every request. */
export interface FixedResponseServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts the server on a free port. */
export async function startFixedResponseServer(
  respond: (stream: ServerHttp2Stream) => void,
): Promise<FixedResponseServer> {
  const server = createServer();
  const sessions = new Set<Http2Session>();
  server.on("session", (session) => void sessions.add(session.on("error", () => {})));
  server.on("stream", (stream) => respond(stream.on("error", () => {})));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
