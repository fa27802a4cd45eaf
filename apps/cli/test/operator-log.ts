import { once } from "node:events";
import { createServer, type Http2Session } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { type AppendRequest, OperatorLogService } from "@fanfare/contracts/operators/v1/operators";

/** An operator log that keeps its entries in memory. */
export interface TestOperatorLog extends AsyncDisposable {
  readonly url: string;
  /** The appended entries, in their order. */
  readonly entries: AppendRequest[];
  /** True to refuse every entry. */
  refuses: boolean;
}

/** Starts an operator log on a free port of 127.0.0.1. */
export async function startOperatorLog(): Promise<TestOperatorLog> {
  const entries: AppendRequest[] = [];
  const handler = connectNodeAdapter({
    routes: (router) =>
      router.service(OperatorLogService, {
        append(request) {
          if (log.refuses) throw new ConnectError("the database is away", Code.Unavailable);
          entries.push(request);
          return { entry: { entryId: request.entryId } };
        },
      }),
  });
  const server = createServer(handler);
  const sessions = new Set<Http2Session>();
  server.on("session", (session) => sessions.add(session));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  const log: TestOperatorLog = {
    url: `http://127.0.0.1:${address.port}`,
    entries,
    refuses: false,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return log;
}
