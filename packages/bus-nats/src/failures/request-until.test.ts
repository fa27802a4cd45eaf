import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFakeConnection } from "../../test/fake-connection.ts";
import { openRequestMux } from "../connection/request-mux.ts";
import { createDeadline } from "../deadline.ts";
import { requestUntil } from "./request-until.ts";

const message = { subject: "fanfare._failures.readers.a.1.1", data: new Uint8Array() };

const parse = () => "stored";

function open(timeoutMs: number) {
  const connection = createFakeConnection();
  const requests = openRequestMux(connection, "_INBOX");
  connection.connect();
  const deadline = createDeadline(timeoutMs);
  return {
    connection,
    result: requestUntil({ connection, requests }, { message, parse }, deadline),
  };
}

describe("requestUntil()", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("sends a request again whose reply is lost, long before the deadline", async () => {
    const { connection, result } = open(10_000);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(connection.sent).toHaveLength(2);
    const [, again] = connection.sent;
    if (again !== undefined) connection.deliver(again, {});
    expect(await result).toBe("stored");
  });

  it("rejects at the deadline when nothing replies", async () => {
    const { result } = open(3_000);
    const outcome = Promise.allSettled([result]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await outcome).toMatchObject([{ status: "rejected", reason: { retryable: true } }]);
  });
});
