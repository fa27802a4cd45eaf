import { describe, expect, it } from "vitest";
import { parseAckSubject } from "./ack-protocol.ts";

const subject = "$JS.ACK.fanfare_a.readers.3.12.40.1763728496123456789.5";

describe("parseAckSubject()", () => {
  it("parses both forms of the server", () => {
    const info = { deliveries: 3, sequence: 12, storedAt: 1_763_728_496_123 };
    expect(parseAckSubject(subject)).toEqual(info);
    const long = subject.replace("$JS.ACK.", "$JS.ACK._.account.");
    expect(parseAckSubject(long)).toEqual(info);
    expect(parseAckSubject(`${long}.random`)).toEqual(info);
  });

  it("throws for the reply subject of another sender", () => {
    expect(() => parseAckSubject("_INBOX.1")).toThrow("expected a message from JetStream");
  });
});
