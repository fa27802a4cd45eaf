import type { Msg } from "@nats-io/nats-core";
import { describe, expect, it, vi } from "vitest";
import { createFakeConnection } from "../../test/fake-connection.ts";
import { openRequestMux } from "../connection/request-mux.ts";
import { createHeaderDecoder } from "../wire/headers.ts";
import { createLease } from "./lease.ts";

const reply = "$JS.ACK.fanfare_a.readers.3.12.40.1763728496123456789.5";

function open(leaseDurationMs = 1_000) {
  const connection = createFakeConnection();
  const message: Msg = {
    subject: "fanfare.a.0",
    sid: 1,
    reply,
    data: Buffer.from([1, 2]),
    respond: () => true,
    json: () => {
      throw new Error("not JSON");
    },
    string: () => "",
  };
  const requests = openRequestMux(connection, "_INBOX");
  connection.connect();
  const acked: number[] = [];
  const deps = {
    connection,
    requests,
    leaseDurationMs,
    decodeHeaders: createHeaderDecoder(),
    onSent: () => {},
    onAck: (sequence: number) => acked.push(sequence),
    onReturn: () => {},
    createFailureCount: () => {
      throw new Error("no failures");
    },
  };
  return { connection, acked, lease: createLease(message, "a", deps) };
}

describe("createLease()", () => {
  it("copies the payload into plain bytes", () => {
    const { record, deliveries } = open().lease;
    expect(record).toMatchObject({ topic: "a", sequence: 12, headers: {} });
    expect(record.data).toEqual(new Uint8Array([1, 2]));
    expect(deliveries).toBe(3);
  });

  it("settles once", async () => {
    const { connection, acked, lease } = open();
    await lease.extend();
    await lease.nak({ delayMs: 1.5 });
    await lease.ack({ confirmed: false });
    await lease.extend();
    expect(connection.sent.map(({ subject, text }) => [subject, text])).toEqual([
      [reply, "+WPI"],
      [reply, '-NAK {"delay": 1500000}'],
    ]);
    expect(acked).toEqual([]);
  });

  it("can be settled again after a failure", async () => {
    const { connection, lease } = open();
    connection.disconnect();
    await expect(lease.ack({ confirmed: false })).rejects.toMatchObject({
      code: "unavailable",
    });
    connection.connect();
    await lease.nak({ delayMs: 0 });
    expect(connection.sent.map(({ text }) => text)).toEqual(["-NAK"]);
  });

  it("sends a confirmed acknowledgement again whose confirmation is lost", async () => {
    vi.useFakeTimers();
    try {
      const { connection, acked, lease } = open(10_000);
      const acknowledged = lease.ack({ confirmed: true });
      await vi.advanceTimersByTimeAsync(1_500);
      expect(connection.sent.map(({ text }) => text)).toEqual(["+ACK", "+ACK"]);
      const [, again] = connection.sent;
      if (again !== undefined) connection.deliver(again, {});
      await acknowledged;
      expect(acked).toEqual([12]);
    } finally {
      vi.useRealTimers();
    }
  });
});
