import { BusError } from "@fanfare/bus";
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/nats-core";
import { describe, expect, it } from "vitest";
import { isTransient, toBusError } from "./to-bus-error.ts";

const createApiError = (err_code: number, code: number) =>
  new JetStreamApiError({ err_code, code, description: "the reason" });
const createSystemError = (code: string) => Object.assign(new Error("the reason"), { code });

describe("toBusError()", () => {
  it.each([
    [new errors.TimeoutError(), "deadline_exceeded", true],
    [new errors.ClosedConnectionError(), "unavailable", true],
    [new errors.RequestError("connection disconnected"), "unavailable", true],
    [createSystemError("ECONNREFUSED"), "unavailable", true],
    [createSystemError("ENOTFOUND"), "unavailable", true],
    [createSystemError("ENOENT"), "invalid_argument", false],
    [new errors.AuthorizationError("no"), "permission_denied", false],
    [new errors.PermissionViolationError("no", "publish", "a"), "permission_denied", false],
    [new errors.InvalidArgumentError("'payload' max_payload size exceeded"), "too_large", false],
    [createApiError(10077, 503), "stream_full", true],
    [createApiError(10167, 429), "resource_exhausted", true],
    [createApiError(10054, 400), "too_large", false],
    [createApiError(10059, 404), "not_provisioned", true],
    [createApiError(10008, 503), "no_leader", true],
    [new errors.ProtocolError("'Slow Consumer'"), "slow_consumer", true],
    [new errors.ProtocolError("'Parser Error'"), "internal", false],
    [createApiError(10065, 400), "drift", false],
    [createApiError(10052, 500), "invalid_argument", false],
    [createApiError(1, 500), "internal", false],
    [new TypeError("a bug"), "internal", false],
    ["a string", "internal", false],
  ])("converts %s to %s", (reason, code, retryable) => {
    const error = toBusError(reason, "publishing");
    expect(error).toMatchObject({ code, retryable, cause: reason });
    expect(error.message).toMatch(/^publishing: /);
  });

  it.each([
    [new errors.PermissionViolationError("no", "publish", "a"), "permission_denied"],
    [new errors.NoRespondersError("a"), "not_provisioned"],
    [createApiError(10008, 503), "no_leader"],
    [new BusError("drift", "it differs"), "drift"],
  ])("looks through every wrapper for %s", (inner, code) => {
    const request = new errors.RequestError(inner.message, { cause: inner });
    const aggregate = new AggregateError([new Error("other"), request], "all failed");
    for (const wrapper of [request, new Error("outer", { cause: request }), aggregate]) {
      const error = toBusError(wrapper, "publishing");
      expect(error).toMatchObject({ code, cause: wrapper });
      expect(error.message).toContain(inner.message);
    }
  });

  it("ends for an error that wraps itself", () => {
    const error = new Error("a cycle");
    error.cause = new Error("inner", { cause: error });
    expect(toBusError(error, "publishing")).toMatchObject({ code: "internal" });
  });

  it("returns a BusError as it is", () => {
    const error = new BusError("drift", "it differs");
    expect(toBusError(error, "publishing")).toBe(error);
  });
});

describe("isTransient()", () => {
  it.each([
    [new errors.RequestError("", { cause: new errors.NoRespondersError("a") }), true],
    [createApiError(10008, 503), true],
    [createApiError(10158, 409), true],
    [createApiError(10167, 429), true],
    [createApiError(10077, 503), false],
    [new errors.PermissionViolationError("no", "publish", "a"), false],
    [Object.assign(new Error("not enabled"), { name: "JetStreamNotEnabled" }), false],
  ])("%s: %s", (reason, expected) => {
    expect(isTransient(toBusError(reason, "publishing"))).toBe(expected);
  });
});
