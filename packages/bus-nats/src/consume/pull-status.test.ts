import { type Msg, MsgHdrsImpl } from "@nats-io/nats-core";
import { describe, expect, it } from "vitest";
import { createStatus } from "../../test/fake-connection.ts";
import { parsePullStatus } from "./pull-status.ts";

/** Parses a status of the consumer "readers". */
function parse(code: number, description: string, pending?: number) {
  const { headers = new MsgHdrsImpl() } = createStatus(code, description, pending);
  const message: Pick<Msg, "headers"> = { headers };
  return parsePullStatus(message, "consumer readers");
}

describe("parsePullStatus()", () => {
  it("parses heartbeats and the ends of requests", () => {
    expect(parse(100, "Idle Heartbeat")).toEqual({ type: "heartbeat" });
    expect(parse(404, "No Messages")).toEqual({ type: "ended", remaining: undefined });
    expect(parse(408, "Request Timeout", 4)).toEqual({ type: "ended", remaining: 4 });
  });

  it.each([
    [409, "Consumer Deleted", "consumer", "not_provisioned"],
    [409, "Leadership Change", "consumer", "no_leader"],
    [409, "Server Shutdown", "consumer", "unavailable"],
    [409, "Exceeded MaxWaiting", "request", "internal"],
    [503, "", "request", "not_provisioned"],
    [400, "Bad Request", "request", "internal"],
  ])("parses status %i %s as a failure of one %s with code %s", (code, text, scope, busCode) => {
    expect(parse(code, text)).toMatchObject({ type: "failed", scope, error: { code: busCode } });
  });
});
