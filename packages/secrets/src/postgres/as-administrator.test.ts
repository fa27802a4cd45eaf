import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { asAdministrator } from "./as-administrator.ts";

afterEach(() => void vi.useRealTimers());

it("waits a minute for a server that does not answer, and names it", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  // Reads, so that it sees the end of the connection.
  await using silent = createServer((socket) => void socket.resume()).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  const port = typeof address === "object" ? address?.port : undefined;
  let settled = false;
  const work = asAdministrator(
    `postgres://postgres:secret@127.0.0.1:${port}/postgres`,
    async () => {},
  );
  const failure = work.then(
    () => "connected",
    (error: Error) => error.message,
  );
  void failure.then(() => (settled = true));
  await once(silent, "connection");
  vi.advanceTimersByTime(59_000);
  await new Promise(setImmediate);
  expect(settled).toBe(false);
  vi.advanceTimersByTime(1_000);
  expect(await failure).toBe(
    `expected PostgreSQL at 127.0.0.1:${port} to accept a connection within 60 s, got no answer: check the address, and the load of its machine`,
  );
});
