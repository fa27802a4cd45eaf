import { headers as createHeaders } from "@nats-io/nats-core";
import { MsgImpl } from "@nats-io/nats-core/internal";
import { describe, expect, it } from "vitest";
import { createHeaderDecoder, encodeHeaders } from "./headers.ts";

const decodeHeaders = createHeaderDecoder();
const bytes = (text: string) => new TextEncoder().encode(text);

/** Creates a message as the connection reads it: headers and payload in one buffer. */
function createReceived(head: string): MsgImpl {
  const whole = bytes(`${head}payload`);
  const hdr = whole.length - "payload".length;
  const position = { subject: bytes("fanfare.a.0"), reply: bytes("$JS.ACK.1"), sid: 1 };
  const publisher = { publish() {} };
  return new MsgImpl({ ...position, hdr, size: whole.length }, Buffer.from(whole), publisher);
}

describe("createHeaderDecoder()", () => {
  it("decodes headers as the client of NATS does", () => {
    const blocks = [
      "NATS/1.0\r\nce-id: trip/1\r\nNats-Msg-Id: a/1\r\nCe-Topic:a\r\n\r\n",
      "NATS/1.0\r\nempty:\r\nspaced:   a b  \r\nurl: a:b:c\r\nname: Zoë\r\n\r\n",
      "NATS/1.0\r\nce-id: 1\r\nce-id: 2\r\nno colon\r\nlast: 3\r\n\r\n",
      "NATS/1.0 100 Idle Heartbeat\r\nce-id: 1\r\n\r\n",
      "NATS/1.0\r\n\r\n",
    ];
    const messages = blocks.map(createReceived);
    // A copy has no header block, so the client parses it.
    const copies = messages.map(({ headers }) => ({ headers }));
    expect(messages.map(decodeHeaders)).toEqual(copies.map(decodeHeaders));
    expect(messages.map(decodeHeaders)[0]).toEqual({ "ce-id": "trip/1", "ce-topic": "a" });
  });

  it("returns no headers when a name is invalid or a line is broken", () => {
    const lines = ["a b: 1", ": 1", "a: 1\n2", "é: 1"];
    const blocks = lines.map((line) => `NATS/1.0\r\nce-id: 1\r\n${line}\r\n\r\n`);
    expect(blocks.map(createReceived).map(decodeHeaders)).toEqual(lines.map(() => ({})));
  });

  it("returns what encodeHeaders() encoded, without the headers of NATS", () => {
    const written = { "ce-id": "trip/1/completed", traceparent: "00-ab-cd-01", empty: "" };
    const encoded = encodeHeaders(written, "trips.completed/1");
    expect(encoded.get("Nats-Msg-Id")).toBe("trips.completed/1");
    expect(decodeHeaders({ headers: encoded })).toEqual(written);
  });

  it("converts names to lower case", () => {
    const foreign = createHeaders();
    foreign.set("Ce-Id", "1");
    foreign.set("Nats-Expected-Stream", "other");
    expect(decodeHeaders({ headers: foreign })).toEqual({ "ce-id": "1" });
    expect(decodeHeaders({})).toEqual({});
  });
});

describe("encodeHeaders()", () => {
  it("throws for names and values that NATS cannot carry", () => {
    const wrong = [
      { "a b": "1" },
      { "a:b": "1" },
      { "": "1" },
      { "nats-ttl": "1" },
      { a: "1\r\n2" },
    ];
    for (const headers of wrong) {
      expect(() => encodeHeaders(headers, "id")).toThrow(
        expect.objectContaining({ code: "invalid_argument" }),
      );
    }
  });
});
