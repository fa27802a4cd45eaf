import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { formatError } from "./cli-error.ts";

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
});
