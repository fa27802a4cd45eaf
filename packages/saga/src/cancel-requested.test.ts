import { ApplicationFailure } from "@temporalio/common";
import { describe, expect, it } from "vitest";
import { startSaga, waitTicks } from "../test/start-saga.ts";

async function failToAnswer(): Promise<boolean> {
  throw ApplicationFailure.nonRetryable("no answer");
}

/** Starts a saga that waits in its step, and records what is compensated. */
function startDinner(onCancelRequested: () => Promise<boolean>, opening: Promise<string>) {
  const compensated: string[] = [];
  const started = startSaga(
    async (saga) => {
      await saga.step("table", {
        run: async () => "table 7",
        compensate: async () => compensated.push("table"),
      });
      const meal = await saga.step("meal", { run: () => opening });
      saga.pivot();
      return meal;
    },
    { onCancelRequested },
  );
  return { started, compensated };
}

describe("onCancelRequested", () => {
  it("compensates the saga when it resolves with true", async () => {
    const opening = Promise.withResolvers<string>();
    const { started, compensated } = startDinner(async () => true, opening.promise);
    const dinner = await started;
    dinner.cancelWorkflow();
    await waitTicks(10);
    opening.resolve("soup");
    expect(await dinner.result).toMatchObject({
      outcome: "compensated",
      cause: { kind: "cancelled", by: "temporal" },
    });
    expect(compensated).toEqual(["table"]);
  });

  it("lets the saga complete when it resolves with false", async () => {
    const opening = Promise.withResolvers<string>();
    let asked = 0;
    const ignore = async () => {
      asked += 1;
      opening.resolve("soup");
      return false;
    };
    const { started, compensated } = startDinner(ignore, opening.promise);
    const dinner = await started;
    dinner.cancelWorkflow();
    expect(await dinner.result).toEqual({ outcome: "completed", value: "soup" });
    expect([asked, compensated]).toEqual([1, []]);
  });

  it("compensates the saga when it fails", async () => {
    const opening = Promise.withResolvers<string>();
    const { started } = startDinner(failToAnswer, opening.promise);
    const dinner = await started;
    dinner.cancelWorkflow();
    await waitTicks(10);
    opening.resolve("soup");
    expect(await dinner.result).toMatchObject({ outcome: "compensated" });
  });
});
