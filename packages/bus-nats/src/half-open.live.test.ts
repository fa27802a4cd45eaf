import { createServer, type Server, type Socket } from "node:net";
import { createBus } from "@fanfare/bus";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startOwnNats } from "../test/nats-server.ts";
import { connectNats } from "./connect-nats.ts";
import { createNatsBroker } from "./create-nats-broker.ts";
import { readGroups } from "./groups/read-groups.ts";
import { checkDurability } from "./provisioning/check-durability.ts";
import { provisionGroups } from "./provisioning/provision-groups.ts";
import { provisionTopics } from "./provisioning/provision-topics.ts";

const soon = { timeout: 20_000, interval: 20 };
const invalid = { code: "invalid_argument" };

/** A server that accepts connections and forwards them, and counts those that are open. */
async function countConnections(target: (socket: Socket) => void) {
  const open = new Set<Socket>();
  let total = 0;
  const server: Server = createServer((socket) => {
    total += 1;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => {});
    target(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `nats://127.0.0.1:${port}`,
    open,
    total: () => total,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

describe("whatever fails while it opens", { timeout: 60_000 }, () => {
  let silent: Awaited<ReturnType<typeof countConnections>>;
  beforeAll(async () => {
    silent = await countConnections(() => {});
  });
  afterAll(() => silent.close());

  it("leaves neither a connection nor a timer open", async () => {
    await using nats = await startOwnNats();
    const timers = countTimers();
    const failing = [
      () => connectNats({ servers: silent.url, source: "" }),
      () => connectNats({ servers: silent.url, stopTimeoutMs: -1 }),
      () => connectNats({ servers: silent.url, prefix: "a b" }),
      () => connectNats({ servers: silent.url, inboxPrefix: ">" }),
      () => connectNats({ servers: silent.url, domain: "a.b" }),
      () => connectNats({ servers: nats.url, credentialsFile: "/does/not/exist" }),
      async () => createBus(createNatsBroker({ servers: silent.url }), { source: "" }),
      async () => createNatsBroker({ servers: silent.url, maxInFlight: 0 }),
      () => provisionTopics({ servers: nats.url }, { topics: ["not a topic"] }),
      () =>
        provisionGroups({ servers: nats.url }, { groups: [{ group: "a b", topics: [] }] }).then(
          () => provisionTopics({ servers: nats.url }, { topics: [""] }),
        ),
    ];
    for (const open of failing) await expect(open()).rejects.toMatchObject(invalid);
    const away = { servers: silent.url };
    await expect(provisionTopics(away, { topics: ["a.b"], timeoutMs: 50 })).rejects.toThrow(
      "not connected",
    );
    await expect(readGroups(away, { topics: ["a.b"], timeoutMs: 50 })).rejects.toThrow(
      "not connected",
    );
    await checkDurability({ system: away, timeoutMs: 50 });
    // A dial that is under way ends at its own timeout.
    await vi.waitFor(() => expect(silent.open.size).toBe(0), soon);
    const total = silent.total();
    await vi.waitFor(() => expect(countTimers()).toBeLessThanOrEqual(timers), soon);
    expect(silent.total()).toBe(total);
  });
});
