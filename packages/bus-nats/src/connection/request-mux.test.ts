import { MsgHdrsImpl } from "@nats-io/nats-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFakeConnection, createStatus } from "../../test/fake-connection.ts";
import { createDeadline } from "../deadline.ts";
import { openRequestMux, type RequestMessage } from "./request-mux.ts";

const message: RequestMessage = {
  subject: "fanfare.a.0",
  data: new TextEncoder().encode("hello"),
  headers: new MsgHdrsImpl(),
};

function open() {
  const connection = createFakeConnection();
  connection.connect();
  const mux = openRequestMux(connection, "_INBOX");
  const client = connection.client();
  if (client === undefined) throw new Error("not connected");
  const request = (deadline = createDeadline(1_000)) => mux.request(client, message, deadline);
  /** Returns the nth message that was sent. */
  const getSent = (n: number) => {
    const sent = connection.sent[n];
    if (sent === undefined) throw new Error(`message ${n} was not sent`);
    return sent;
  };
  return { connection, mux, client, request, getSent };
}

describe("openRequestMux()", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("matches replies to requests by their subject", async () => {
    const { connection, request, getSent } = open();
    const [first, second] = [request(), request()];
    connection.deliver(getSent(1), { data: new Uint8Array([2]) });
    connection.deliver(getSent(0), { data: new Uint8Array([1]) });
    expect((await first).data).toEqual(new Uint8Array([1]));
    expect((await second).data).toEqual(new Uint8Array([2]));
  });

  it("rejects with not_provisioned when there are no responders", async () => {
    const { connection, request, getSent } = open();
    const reply = request();
    connection.deliver(getSent(0), createStatus(503, ""));
    await expect(reply).rejects.toMatchObject({ code: "not_provisioned" });
  });

  it("reports each copy that is not answered in time, after twice as long each time", async () => {
    const { mux, client } = open();
    const failures: string[] = [];
    const call = { message, deadline: createDeadline(10_000), replyTimeoutMs: 100 };
    const pending = mux.open({
      ...call,
      onReply: () => {},
      onFailure({ code }) {
        failures.push(`${code} after ${performance.now() - startedAt}`);
        pending.send(client);
      },
    });
    const startedAt = performance.now();
    pending.send(client);
    await vi.advanceTimersByTimeAsync(500);
    expect(failures).toEqual(["unavailable after 100", "unavailable after 300"]);
    pending.cancel();
  });

  it("rejects each request at its own deadline", async () => {
    const { request } = open();
    const catchFailure = (timeoutMs: number) =>
      request(createDeadline(timeoutMs)).catch((reason: unknown) => reason);
    const [late, early] = [catchFailure(2_000), catchFailure(1_000)];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await early).toMatchObject({
      code: "deadline_exceeded",
      message: expect.stringContaining("no reply from NATS to fanfare.a.0"),
    });
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await late).toMatchObject({ code: "deadline_exceeded" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("rejects with aborted when the signal aborts", async () => {
    const { request } = open();
    const abort = new AbortController();
    const reply = request(createDeadline(1_000, abort.signal));
    abort.abort();
    await expect(reply).rejects.toMatchObject({ code: "aborted" });
    const deadline = createDeadline(1_000, abort.signal);
    await expect(request(deadline)).rejects.toMatchObject({ code: "aborted" });
  });

  it("rejects with unavailable when the connection is lost", async () => {
    const { connection, request } = open();
    const reply = request();
    connection.disconnect();
    await expect(reply).rejects.toMatchObject({ code: "unavailable" });
  });

  it("keeps an opened request after a failure, and accepts the reply to any copy", () => {
    const { connection, mux, client, getSent } = open();
    const outcomes: string[] = [];
    const pending = mux.open({
      message,
      deadline: createDeadline(1_000),
      onReply: () => outcomes.push("reply"),
      onFailure: ({ code }) => outcomes.push(code),
    });
    pending.send(client);
    connection.deliver(getSent(0), createStatus(503, ""));
    pending.send(client);
    connection.deliver(getSent(0), { data: new Uint8Array([1]) });
    connection.deliver(getSent(1), { data: new Uint8Array([1]) });
    expect(outcomes).toEqual(["not_provisioned", "reply"]);
  });
});
