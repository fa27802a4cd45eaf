import { Code, ConnectError } from "@connectrpc/connect";
import { findRefusal } from "@fanfare/saga";
import { expect, it } from "vitest";
import { runAsActivity } from "../../test/activity.ts";
import { callRegistry } from "./call-registry.ts";

async function failWith(code: Code): Promise<unknown> {
  const fail = () => Promise.reject(new ConnectError("not for the worker", code));
  return await runAsActivity(() => callRegistry("end-grace", fail)).catch(
    (error: unknown) => error,
  );
}

it("retries a call that the registry denies, which refuses nothing of the trip", async () => {
  const failure = await failWith(Code.PermissionDenied);
  expect(failure).toMatchObject({ message: "not for the worker", nonRetryable: false });
  expect(findRefusal(failure)).toBeUndefined();
});

it("refuses what the registry refuses", async () => {
  const failure = await failWith(Code.FailedPrecondition);
  expect(findRefusal(failure)).toMatchObject({ code: "failed_precondition" });
});
