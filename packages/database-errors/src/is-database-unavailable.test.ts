import { describe, expect, it } from "vitest";
import { isDatabaseUnavailable } from "./is-database-unavailable.ts";

const withCode = (code: string, fields: object = {}) =>
  Object.assign(new Error("the driver's message"), { code, ...fields });
const missingFile = (syscall: string) => withCode("ENOENT", { syscall });
const named = (name: string, cause: unknown) =>
  Object.assign(new Error("wrapped", { cause }), { name });

describe("isDatabaseUnavailable()", () => {
  it.each([
    "ECONNREFUSED",
    "ECONNRESET",
    "ENOTFOUND",
    "EAI_AGAIN",
    "CERT_HAS_EXPIRED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "CONNECT_TIMEOUT", // postgres.js
    "CONNECTION_CLOSED", // postgres.js
    "08006", // connection failure
    "28P01", // wrong password
    "53300", // too many connections
    "53100", // disk full
    "57P01", // admin shutdown
    "57P03", // starting up
    "58030", // an error of the disk
    "25006", // a standby
  ])("is true for %s, which no statement causes", (code) => {
    expect(isDatabaseUnavailable(withCode(code))).toBe(true);
  });

  it.each([
    "23505", // unique violation
    "40001", // serialization failure
    "40P01", // deadlock
    "42P01", // no such table
    "57014", // statement timeout
    "25P03", // idle in transaction timeout
    "53200", // out of memory, or of locks, which one statement can use up
    "08P01", // a message with too many parameters
    "XX000", // a fault of PostgreSQL
    "EACCES",
  ])("is false for %s, which a statement or the caller causes", (code) => {
    expect(isDatabaseUnavailable(withCode(code))).toBe(false);
  });

  it.each(["08P01", "XX000", "58000"])("is true for a fatal %s, as poolers report", (code) => {
    expect(isDatabaseUnavailable(withCode(code, { severity: "FATAL" }))).toBe(true);
  });

  it("is false for the timeouts of a transaction, which are fatal too", () => {
    expect(isDatabaseUnavailable(withCode("25P03", { severity: "FATAL" }))).toBe(false);
  });

  it.each([
    ["XX000", "MaxClientsInSessionMode: max clients reached - in Session mode"],
    ["XX000", "Max client connections reached"],
    ["XX000", "Tenant or user not found"],
    ["08P01", "server_lookup failed"],
    ["08P01", "no more connections allowed (max_client_conn)"],
    ["08P01", "server login has been failing, try again later"],
  ])("is true for a pooler's %s %j, whatever its severity", (code, message) => {
    expect(isDatabaseUnavailable(Object.assign(new Error(message), { code }))).toBe(true);
  });

  it("is true for a Unix socket that cannot be opened, and false for any other file", () => {
    expect(isDatabaseUnavailable(missingFile("connect"))).toBe(true);
    expect(isDatabaseUnavailable(missingFile("open"))).toBe(false);
  });

  it.each([
    "Connection terminated unexpectedly",
    "Connection terminated due to connection timeout",
    "timeout exceeded when trying to connect",
    "Query read timeout",
    "Client has encountered a connection error and is not queryable",
    "Cannot use a pool after calling end on the pool",
    "The server does not support SSL connections",
  ])("is true for the driver's %j, which has no code", (message) => {
    expect(isDatabaseUnavailable(new Error(message))).toBe(true);
  });

  it("looks through errors that wrap others", () => {
    const gone = withCode("57P01");
    expect(isDatabaseUnavailable(new Error("cannot store", { cause: gone }))).toBe(true);
    const coded = withCode("STORE_FAILED", { cause: new Error("query", { cause: gone }) });
    expect(isDatabaseUnavailable(coded)).toBe(true);
    const every = new AggregateError([withCode("EACCES"), withCode("ECONNREFUSED")]);
    expect(isDatabaseUnavailable(new Error("cannot connect", { cause: every }))).toBe(true);
    expect(isDatabaseUnavailable(Object.assign(new Error("x"), { driverError: gone }))).toBe(true);
  });

  it("ends the search at a statement's own error", () => {
    const failed = withCode("23505", { cause: withCode("ECONNRESET") });
    expect(isDatabaseUnavailable(failed)).toBe(false);
  });

  it("does not look into errors of other clients", () => {
    const refused = withCode("ECONNREFUSED");
    for (const name of ["ConnectError", "BusError"]) {
      expect(isDatabaseUnavailable(named(name, refused))).toBe(false);
    }
    expect(isDatabaseUnavailable(new TypeError("fetch failed", { cause: refused }))).toBe(false);
    expect(isDatabaseUnavailable(Object.assign(named("x", refused), { code: 14 }))).toBe(false);
  });

  it("takes any value", () => {
    const loop: { cause?: unknown } = new Error("x");
    loop.cause = loop;
    const trap = {
      get code() {
        throw new Error("no code");
      },
    };
    for (const value of [loop, trap, Object.create(null), "ECONNREFUSED", null, undefined, 7]) {
      expect(isDatabaseUnavailable(value)).toBe(false);
    }
  });
});
