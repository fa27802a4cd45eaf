import { BusError } from "@fanfare/bus";
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/nats-core";
import { describe, expect, it } from "vitest";
import { toBusError } from "./to-bus-error.ts";

const api = (err_code: number, code: number) =>
  new JetStreamApiError({ err_code, code, description: "it says" });
const system = (code: string) => Object.assign(new Error("it says"), { code });

describe("toBusError()", () => {
  it.each([
    [new errors.TimeoutError(), "deadline_exceeded", true],
    [new errors.ClosedConnectionError(), "unavailable", true],
    [new errors.RequestError("connection disconnected"), "unavailable", true],
    [system("ECONNREFUSED"), "unavailable", true],
    [system("ENOTFOUND"), "unavailable", true],
    [system("ENOENT"), "invalid_argument", false],
    [new errors.AuthorizationError("no"), "permission_denied", false],
    [new errors.PermissionViolationError("no", "publish", "a"), "permission_denied", false],
    [new errors.InvalidArgumentError("'payload' max_payload size exceeded"), "too_large", false],
    [api(10077, 503), "stream_full", true],
    [api(10167, 429), "resource_exhausted", true],
    [api(10054, 400), "too_large", false],
    [api(10059, 404), "not_provisioned", true],
    [api(10008, 503), "no_leader", true],
    [new errors.ProtocolError("'Slow Consumer'"), "slow_consumer", true],
    [new errors.ProtocolError("'Parser Error'"), "internal", false],
    [api(10065, 400), "drift", false],
    [api(10052, 500), "invalid_argument", false],
    [api(1, 500), "internal", false],
    [new TypeError("a bug"), "internal", false],
    ["a string", "internal", false],
  ])("makes %s %s", (reason, code, retryable) => {
    const error = toBusError(reason, "publishing");
    expect(error).toMatchObject({ code, retryable, cause: reason });
    expect(error.message).toMatch(/^publishing: /);
  });

  it("leaves a BusError as it is", () => {
    const error = new BusError("drift", "it differs");
    expect(toBusError(error, "publishing")).toBe(error);
  });
});
