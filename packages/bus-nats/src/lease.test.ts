import type { Msg } from "@nats-io/nats-core";
import { describe, expect, it } from "vitest";
import { fakeLink } from "../test/fake-link.ts";
import { decodeHeaders } from "./headers.ts";
import { createLease, parsePlace } from "./lease.ts";
import { openReplies } from "./replies.ts";

const reply = "$JS.ACK.fanfare_a.readers.3.12.40.1763728496123456789.5";

function lease(refused = 0) {
  const link = fakeLink();
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
  const replies = openReplies(link, "_INBOX");
  link.up();
  const known: number[] = [];
  const acknowledged = (sequence: number) => known.push(sequence);
  const deps = {
    link,
    replies,
    leaseDurationMs: 1_000,
    decodeHeaders,
    acknowledged,
    refusals: () => refused,
  };
  return { link, known, lease: createLease(message, "a", deps) };
}

describe("parsePlace()", () => {
  it("reads both forms of the server", () => {
    const place = { deliveries: 3, sequence: 12, storedAt: 1_763_728_496_123 };
    expect(parsePlace(reply)).toEqual(place);
    const long = reply.replace("$JS.ACK.", "$JS.ACK._.account.");
    expect(parsePlace(long)).toEqual(place);
    expect(parsePlace(`${long}.random`)).toEqual(place);
  });

  it("refuses what JetStream did not write", () => {
    expect(() => parsePlace("_INBOX.1")).toThrow("did not send");
  });
});

describe("a lease", () => {
  it("is the record with plain bytes", () => {
    const { record, deliveries } = lease().lease;
    expect(record).toMatchObject({ topic: "a", sequence: 12, headers: {} });
    expect(record.data).toEqual(new Uint8Array([1, 2]));
    expect(deliveries).toBe(3);
  });

  it("counts no delivery that was given back untried", () => {
    expect(lease(1).lease.deliveries).toBe(2);
    expect(lease(9).lease.deliveries).toBe(1);
  });

  it("is settled once", async () => {
    const { link, known, lease: held } = lease();
    await held.extend();
    await held.nak({ delayMs: 1.5 });
    await held.ack({ confirmed: false });
    await held.extend();
    expect(link.sent.map(({ subject, text }) => [subject, text])).toEqual([
      [reply, "+WPI"],
      [reply, '-NAK {"delay": 1500000}'],
    ]);
    expect(known).toEqual([]);
  });

  it("can be settled again when that failed", async () => {
    const { link, lease: held } = lease();
    link.down();
    await expect(held.ack({ confirmed: false })).rejects.toMatchObject({
      code: "unavailable",
    });
    link.up();
    await held.nak({ delayMs: 0 });
    expect(link.sent.map(({ text }) => text)).toEqual(["-NAK"]);
  });
});
