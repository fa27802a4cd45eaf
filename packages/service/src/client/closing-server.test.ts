import { once } from "node:events";
import { type ClientHttp2Stream, createServer, type ServerHttp2Session } from "node:http2";
import { expect, it } from "vitest";
import { createRotatingSessions } from "./rotating-sessions.ts";

async function readStatus(stream: ClientHttp2Stream): Promise<unknown> {
  const [headers] = await once(stream, "response");
  stream.resume();
  await once(stream, "close");
  return headers[":status"];
}

it("survives a call that starts while the server closes an idle connection", async () => {
  const server = createServer((_request, response) => response.end());
  const served: ServerHttp2Session[] = [];
  server.on("session", (session) => served.push(session));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const limits = { connections: 1, maxAgeMs: 60_000 };
  const sessions = createRotatingSessions(`http://127.0.0.1:${port}`, limits);
  const first = await sessions.request("GET", "/", {}, {});
  const { session } = first;
  expect(await readStatus(first)).toBe(200);

  const uncaught: unknown[] = [];
  const record = (error: unknown) => void uncaught.push(error);
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", record);
  const second = new Promise<ClientHttp2Stream>((resolve, reject) => {
    session?.once("goaway", () => {
      sessions.request("GET", "/", {}, {}).then(resolve, reject);
    });
  });
  served[0]?.goaway();
  expect(await readStatus(await second)).toBe(200);
  process.removeAllListeners("uncaughtException");
  for (const other of others) process.on("uncaughtException", other);
  expect(uncaught).toEqual([]);
  expect(served).toHaveLength(2);
  sessions.close();
  server.close();
});
