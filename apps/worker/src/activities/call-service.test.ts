import { Code, ConnectError } from "@connectrpc/connect";
import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import { describe, expect, it } from "vitest";
import { createActivityEnvironment, runAsActivity, workflowId } from "../../test/activity.ts";
import { callService } from "./call-service.ts";

async function failing(error: unknown): Promise<unknown> {
  const fail = async (): Promise<never> => {
    throw error;
  };
  try {
    return await runAsActivity(() => callService("open-tab", fail));
  } catch (reason) {
    return reason;
  }
}

describe("callService()", () => {
  it("passes the idempotency key, a timeout and the signal of the activity", async () => {
    const environment = createActivityEnvironment();
    const options = await runAsActivity(
      () => callService("open-tab", (given) => Promise.resolve(given)),
      environment,
    );
    expect(options).toEqual({
      headers: { "idempotency-key": `${workflowId}/open-tab` },
      timeoutMs: 4_000,
      signal: environment.context.cancellationSignal,
    });
  });

  it("truncates a long message", async () => {
    const failure = await failing(new ConnectError("no ".repeat(2_000_000), Code.Aborted));
    expect(failure).toMatchObject({ message: expect.stringMatching(/^no no/) });
    expect(failure).toHaveProperty("message.length", 1_000);
  });

  it.each([
    [Code.InvalidArgument, "invalid_argument"],
    [Code.NotFound, "not_found"],
    [Code.AlreadyExists, "already_exists"],
    [Code.FailedPrecondition, "failed_precondition"],
    [Code.PermissionDenied, "permission_denied"],
    [Code.OutOfRange, "out_of_range"],
  ])("treats code %i as a business refusal", async (code, type) => {
    const failure = await failing(new ConnectError("no", code));
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type, message: "no", nonRetryable: true });
  });

  it.each([
    [Code.Unavailable, "unavailable"],
    [Code.DeadlineExceeded, "deadline_exceeded"],
    [Code.ResourceExhausted, "resource_exhausted"],
    [Code.Aborted, "aborted"],
    [Code.Internal, "internal"],
    [Code.Unauthenticated, "unauthenticated"],
    [Code.Unimplemented, "unimplemented"],
    [Code.Unknown, "unknown"],
    [Code.DataLoss, "data_loss"],
    [Code.Canceled, "canceled"],
  ])("retries code %i", async (code, type) => {
    const failure = await failing(new ConnectError("not now", code));
    expect(failure).toMatchObject({ type, message: "not now", nonRetryable: false });
  });

  it("finds the code of an error behind wrappers", async () => {
    const refusal = new ConnectError("no", Code.FailedPrecondition);
    const inInterceptor = new Error("an interceptor failed", { cause: refusal });
    for (const error of [inInterceptor, ConnectError.from(inInterceptor)]) {
      expect(await failing(new Error("wrapped", { cause: error }))).toMatchObject({
        type: "failed_precondition",
        message: "no",
        nonRetryable: true,
      });
    }
    const outage = new ConnectError("away", Code.Unavailable, undefined, undefined, refusal);
    expect(await failing(outage)).toMatchObject({ type: "unavailable", nonRetryable: false });
  });

  it("retries an error that is no Connect error", async () => {
    const failure = await failing(new TypeError("fetch failed"));
    expect(failure).toMatchObject({ message: "fetch failed", nonRetryable: false });
  });

  it("retries every value that may be thrown", async () => {
    const { proxy: revoked, revoke } = Proxy.revocable(new Error("gone"), {});
    revoke();
    for (const reason of [Object.create(null), revoked, undefined]) {
      expect(await failing(reason)).toMatchObject({ type: "unknown", nonRetryable: false });
    }
  });

  it("ends as cancelled when the activity is cancelled", async () => {
    const environment = createActivityEnvironment();
    const ended = runAsActivity(
      () =>
        callService("open-tab", async ({ signal }) => {
          environment.cancel();
          signal?.throwIfAborted();
        }),
      environment,
    );
    await expect(ended).rejects.toBeInstanceOf(CancelledFailure);
  });
});
