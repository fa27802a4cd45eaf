import { describe, expect, it } from "vitest";
import { isDatabaseUnavailable } from "./is-database-unavailable.ts";

const withCode = (code: string) => Object.assign(new Error("the driver's message"), { code });
const missingFile = (syscall: string) => Object.assign(withCode("ENOENT"), { syscall });

describe("isDatabaseUnavailable()", () => {
  it.each([
    "ECONNREFUSED",
    "ECONNRESET",
    "ENOTFOUND",
    "08006", // connection failure
    "28P01", // wrong password
    "53300", // too many connections
    "53100", // disk full
    "57P01", // admin shutdown
    "57P03", // starting up
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
    "EACCES",
  ])("is false for %s, which a statement or the caller causes", (code) => {
    expect(isDatabaseUnavailable(withCode(code))).toBe(false);
  });

  it("is true for a fatal protocol violation, which PgBouncer reports without a server", () => {
    expect(isDatabaseUnavailable(Object.assign(withCode("08P01"), { severity: "FATAL" }))).toBe(
      true,
    );
  });

  it("is true for a missing Unix socket, and false for any other missing file", () => {
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
  ])("is true for the driver's %j, which has no code", (message) => {
    expect(isDatabaseUnavailable(new Error(message))).toBe(true);
  });

  it("is false for an error that wraps one of the database, and for what is no error", () => {
    const wrapped = new Error("no tariff", { cause: withCode("ECONNREFUSED") });
    expect(isDatabaseUnavailable(wrapped)).toBe(false);
    expect(isDatabaseUnavailable("ECONNREFUSED")).toBe(false);
  });
});
