import { proxyActivities, proxyLocalActivities, setHandler } from "@temporalio/workflow";
import { createSaga, type SagaResult } from "../src/index.ts";
import { cancel, progress, retry } from "./holiday-workflow.ts";

/** The timings of a postcard. */
export interface PostcardPlan {
  /** The timeout of the local call of each step, in milliseconds. Default: 10,000. */
  readonly localMs?: { readonly stamp?: number; readonly post?: number };
  readonly delayedAfterMs?: number;
  /** A step before the stamp. Default: none. */
  readonly begins?: "write";
  /** A step that runs beside `post` and `notify`. Default: none. */
  readonly beside?: "file";
  /** For how long a cancellation occupies the thread of the workflow, in milliseconds. Default: not at all. */
  readonly cancelTakesMs?: number;
}

interface PostcardActivities {
  call(what: string): Promise<string>;
}

/** A saga whose steps are tried locally first. */
export async function postcard(plan: PostcardPlan): Promise<SagaResult<string>> {
  const saga = createSaga();
  setHandler(progress, () => saga.progress());
  setHandler(cancel, (message) => {
    const cancelled = saga.cancel(message);
    block(plan.cancelTakesMs ?? 0);
    return cancelled;
  });
  setHandler(retry, ({ step }) => saga.retry(step));

  const cancellationType = "TRY_CANCEL";
  const callLocally = (what: string, timeoutMs = 10_000) =>
    proxyLocalActivities<PostcardActivities>({
      cancellationType,
      scheduleToCloseTimeout: timeoutMs,
      retry: { maximumAttempts: 1 },
    }).call(what);
  const { call } = proxyActivities<PostcardActivities>({
    cancellationType,
    startToCloseTimeout: 30_000,
    retry: { initialInterval: 20, maximumInterval: 100 },
  });
  const localFirst = (what: "write" | "stamp" | "file" | "post" | "notify") => ({
    local: () =>
      callLocally(what, what === "stamp" || what === "post" ? plan.localMs?.[what] : undefined),
    run: () => call(what),
  });
  const { delayedAfterMs = 60_000 } = plan;

  return await saga.run(async () => {
    if (plan.begins !== undefined) await saga.step(plan.begins, localFirst(plan.begins));
    await saga.step("stamp", {
      ...localFirst("stamp"),
      compensate: () => call("compensate stamp"),
    });
    saga.pivot();
    const filed = plan.beside && saga.step(plan.beside, localFirst(plan.beside));
    const posted = await saga.step("post", { ...localFirst("post"), delayedAfterMs });
    await saga.step("notify", { ...localFirst("notify"), delayedAfterMs });
    await filed;
    return posted;
  });
}

/** Blocks the thread of the workflow, as a busy machine does. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
