import { errors, type NatsConnection, type Status } from "@nats-io/nats-core";
import { describe, expect, it, vi } from "vitest";
import { createDeadline } from "../deadline.ts";
import { type ManagedConnection, openConnection } from "./managed-connection.ts";

const servers = "nats://127.0.0.1:4222";
const soon = { timeout: 10_000, interval: 5 };

/** Creates a client whose statuses a test pushes. */
function createClient() {
  const stream = new TransformStream<Status, Status>();
  const writer = stream.writable.getWriter();
  const close = async () => await writer.close().catch(() => {});
  const client: Pick<NatsConnection, "status" | "closed" | "close" | "drain"> = {
    status: () => stream.readable.values(),
    closed: () => Promise.resolve(),
    close,
    drain: close,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that the code calls
  return { client: client as NatsConnection, push: (status: Status) => writer.write(status) };
}

/** Records the changes of a connection. */
function recordChanges(connection: ManagedConnection): string[] {
  const changes: string[] = [];
  connection.listen({
    onConnected: () => changes.push("connected"),
    onDisconnected: ({ code }) => changes.push(`disconnected ${code}`),
    onConnectFailed: ({ code }) => changes.push(`failed ${code}`),
    onClosed: () => changes.push("closed"),
  });
  return changes;
}

describe("openConnection()", () => {
  it("connects again after a failed connect", async () => {
    const { client } = createClient();
    const dial = vi.fn<() => Promise<NatsConnection>>();
    dial.mockRejectedValueOnce(new errors.TimeoutError()).mockResolvedValue(client);
    const connection = openConnection({ servers }, dial);
    const changes = recordChanges(connection);
    await expect(connection.connected(createDeadline(10_000))).resolves.toBe(client);
    expect(connection.health()).toEqual({ connected: true });
    await connection.close(createDeadline(1_000));
    expect(changes).toEqual([
      "failed deadline_exceeded",
      "connected",
      "closed",
      "disconnected unavailable",
    ]);
  });

  it("reports a lost connection, and the reconnect", async () => {
    const { client, push } = createClient();
    const connection = openConnection({ servers }, () => Promise.resolve(client));
    const changes = recordChanges(connection);
    await connection.connected(createDeadline(10_000));
    await push({ type: "disconnect", server: servers });
    await vi.waitFor(() => expect(connection.client()).toBeUndefined(), soon);
    expect(connection.health()).toMatchObject({
      connected: false,
      lastError: { code: "unavailable" },
    });
    await push({ type: "reconnect", server: servers });
    await vi.waitFor(() => expect(connection.health()).toEqual({ connected: true }), soon);
    expect(changes).toEqual(["connected", "disconnected unavailable", "connected"]);
    await connection.close(createDeadline(1_000));
  });

  it("rejects connected() with unavailable and the last error at the deadline", async () => {
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const connection = openConnection({ servers }, () => Promise.reject(refused));
    await expect(connection.connected(createDeadline(50))).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/not connected to NATS at .*refused/),
    });
    await connection.close(createDeadline(1_000));
  });

  it("rejects connected() with aborted when the signal aborts or the connection is closed", async () => {
    const connection = openConnection({ servers }, () => new Promise(() => {}));
    const aborted = createDeadline(10_000, AbortSignal.abort());
    await expect(connection.connected(aborted)).rejects.toMatchObject({ code: "aborted" });
    const waiting = connection.connected(createDeadline(10_000)).catch((reason: unknown) => reason);
    await connection.close(createDeadline(1));
    expect(await waiting).toMatchObject({ code: "aborted" });
    const after = connection.connected(createDeadline(10_000));
    await expect(after).rejects.toMatchObject({ code: "aborted" });
  });

  it("throws when no server is named", () => {
    for (const none of ["", []]) {
      expect(() => openConnection({ servers: none })).toThrow("name at least one server");
    }
  });
});
