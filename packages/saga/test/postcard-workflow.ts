import { proxyActivities, proxyLocalActivities, setHandler } from "@temporalio/workflow";
import { createSaga, type SagaResult } from "../src/index.ts";
import { cancel, progress, retry } from "./holiday-workflow.ts";

export interface PostcardPlan {
  /** How long a first try may take. */
  readonly localMs?: number;
  readonly delayedAfterMs?: number;
}

interface PostcardActivities {
  call(what: string): Promise<string>;
}

/** postcard is a saga whose steps are short: each is tried within the workflow task first. */
export async function postcard(plan: PostcardPlan): Promise<SagaResult<string>> {
  const saga = createSaga();
  setHandler(progress, () => saga.progress());
  setHandler(cancel, (message) => saga.cancel(message));
  setHandler(retry, ({ step }) => saga.retry(step));

  const cancellationType = "TRY_CANCEL";
  const { call: callFirst } = proxyLocalActivities<PostcardActivities>({
    cancellationType,
    scheduleToCloseTimeout: plan.localMs ?? 10_000,
    retry: { maximumAttempts: 1 },
  });
  const { call } = proxyActivities<PostcardActivities>({
    cancellationType,
    startToCloseTimeout: 30_000,
    retry: { initialInterval: 20, maximumInterval: 100 },
  });
  const tries = (what: string) => ({ local: () => callFirst(what), run: () => call(what) });
  const { delayedAfterMs = 60_000 } = plan;

  return await saga.run(async () => {
    await saga.step("stamp", { ...tries("stamp"), compensate: () => call("compensate stamp") });
    saga.pivot();
    const posted = await saga.step("post", { ...tries("post"), delayedAfterMs });
    await saga.step("tell", { ...tries("tell"), delayedAfterMs });
    return posted;
  });
}
