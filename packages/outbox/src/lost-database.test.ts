import { describe, expect, it } from "vitest";
import { lostDatabase } from "./lost-database.ts";

const withCode = (code: string) => Object.assign(new Error("as the driver says it"), { code });

describe("lostDatabase()", () => {
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
  ])("knows %s for the database's trouble", (code) => {
    expect(lostDatabase(withCode(code))).toBe(true);
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
  ])("knows %s for the statement's or the handler's", (code) => {
    expect(lostDatabase(withCode(code))).toBe(false);
  });

  it("knows what PgBouncer says when it reaches no server", () => {
    const said = Object.assign(withCode("08P01"), { severity: "FATAL" });
    expect(lostDatabase(said)).toBe(true);
  });

  it.each([
    "Connection terminated unexpectedly",
    "Connection terminated due to connection timeout",
    "timeout exceeded when trying to connect",
    "Query read timeout",
    "Client has encountered a connection error and is not queryable",
    "Cannot use a pool after calling end on the pool",
  ])("knows the driver's %j, which has no code", (message) => {
    expect(lostDatabase(new Error(message))).toBe(true);
  });

  it("leaves what a handler wraps to the handler", () => {
    expect(lostDatabase(new Error("no tariff", { cause: withCode("ECONNREFUSED") }))).toBe(false);
    expect(lostDatabase("ECONNREFUSED")).toBe(false);
  });
});
