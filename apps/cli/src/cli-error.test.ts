import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CliError, formatError } from "./cli-error.ts";

describe("formatError()", () => {
  it("starts with the code of a Connect error", () => {
    const error = new ConnectError("the vehicle is in use", Code.FailedPrecondition);
    expect(formatError(error)).toBe("failed_precondition: the vehicle is in use");
  });

  it("asks whether the stack is running when the connection is refused", () => {
    const error = new ConnectError("connect ECONNREFUSED 127.0.0.1:8080", Code.Unavailable);
    expect(formatError(error)).toBe(
      'connect ECONNREFUSED 127.0.0.1:8080: is the stack running? "npm start" starts it',
    );
  });

  it("states the causes of an error, but not those of a CliError", () => {
    const cause = new Error("connect ECONNREFUSED 127.0.0.1:4222");
    expect(formatError(new Error("no answer", { cause }))).toBe(
      "no answer (connect ECONNREFUSED 127.0.0.1:4222)",
    );
    expect(formatError(new CliError("NATS is away", { cause }))).toBe("NATS is away");
  });

  it("describes every value that may be thrown", () => {
    const { proxy: revoked, revoke } = Proxy.revocable(new Error("gone"), {});
    revoke();
    expect(formatError(revoked)).toBe("<Revoked Proxy>");
    expect(formatError(Object.assign(Object.create(null), { code: 7 }))).toContain("code: 7");
    expect(formatError(undefined)).toBe("undefined");
    expect(formatError(new CliError("away", { cause: revoked }))).toBe("away");
  });
});
