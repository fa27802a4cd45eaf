import { headers as newHeaders } from "@nats-io/nats-core";
import { describe, expect, it } from "vitest";
import { decodeHeaders, encodeHeaders } from "./headers.ts";

describe("headers", () => {
  it("come back as they were written, without those of NATS", () => {
    const written = { "ce-id": "trip/1/completed", traceparent: "00-ab-cd-01", empty: "" };
    const encoded = encodeHeaders(written, "trips.completed/1");
    expect(encoded.get("Nats-Msg-Id")).toBe("trips.completed/1");
    expect(decodeHeaders({ headers: encoded })).toEqual(written);
  });

  it("have names in lower case, whoever wrote them", () => {
    const foreign = newHeaders();
    foreign.set("Ce-Id", "1");
    foreign.set("Nats-Expected-Stream", "other");
    expect(decodeHeaders({ headers: foreign })).toEqual({ "ce-id": "1" });
    expect(decodeHeaders({})).toEqual({});
  });

  it("are refused where NATS could not carry them", () => {
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
