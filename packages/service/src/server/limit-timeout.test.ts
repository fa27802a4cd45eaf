import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { limitTimeout } from "./limit-timeout.ts";

const limits = { defaultMs: 15_000, maxMs: 60_000 };
const grpc = { "content-type": "application/grpc+proto" };

describe("limitTimeout()", () => {
  it.each<[IncomingHttpHeaders, string, string]>([
    [{}, "connect-timeout-ms", "15000"],
    [{ "connect-timeout-ms": "20" }, "connect-timeout-ms", "20"],
    [{ "connect-timeout-ms": "60001" }, "connect-timeout-ms", "60000"],
    [{ "connect-timeout-ms": "9999999999" }, "connect-timeout-ms", "60000"],
    [{ "connect-timeout-ms": "soon" }, "connect-timeout-ms", "soon"],
    [{ "connect-timeout-ms": "99999999999" }, "connect-timeout-ms", "99999999999"],
    [grpc, "grpc-timeout", "15000m"],
    [{ ...grpc, "grpc-timeout": "20m" }, "grpc-timeout", "20m"],
    [{ ...grpc, "grpc-timeout": "60S" }, "grpc-timeout", "60S"],
    [{ ...grpc, "grpc-timeout": "99999999n" }, "grpc-timeout", "99999999n"],
    [{ ...grpc, "grpc-timeout": "61S" }, "grpc-timeout", "60000m"],
    [{ ...grpc, "grpc-timeout": "99999999H" }, "grpc-timeout", "60000m"],
    [{ ...grpc, "grpc-timeout": "20" }, "grpc-timeout", "20"],
  ])("sets the timeout of %o: %s is %s", (sent, name, value) => {
    const headers = { ...sent };
    limitTimeout(headers, limits);
    expect(headers[name]).toBe(value);
  });

  it("writes a limit of more than eight digits in seconds", () => {
    const headers: IncomingHttpHeaders = { ...grpc };
    limitTimeout(headers, { defaultMs: 200_000_500, maxMs: 300_000_000 });
    expect(headers["grpc-timeout"]).toBe("200000S");
  });
});
