import {
  type ActivityOptions,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  proxyActivities,
  setHandler,
} from "@temporalio/workflow";
import { createSaga, runSaga, type SagaProgress, type SagaResult } from "../src/index.ts";

/** A holiday: a flight, then a hotel beside a car, then the payment as the pivot. */
export interface HolidayPlan {
  /** The code of the workflow throws. */
  readonly bug?: boolean;
  /** The saga is cancelled immediately before its pivot. */
  readonly changeOfMind?: boolean;
  /** A cancellation does not reach the booking of the hotel. */
  readonly stubbornHotel?: boolean;
  readonly delayedAfterMs?: number;
  readonly stepTimeoutMs?: number;
  readonly compensationTimeoutMs?: number;
}

interface HolidayActivities {
  call(what: string): Promise<string>;
}

export const progress = defineQuery<SagaProgress>("progress");
export const cancel = defineUpdate<boolean, [string]>("cancel");
export const retry = defineUpdate<readonly string[], [{ readonly step?: string }]>("retry");
export const resolve = defineUpdate<readonly string[], [string]>("resolve");

const attempt: ActivityOptions = {
  startToCloseTimeout: 10_000,
  cancellationType: "TRY_CANCEL",
  retry: { initialInterval: 20, maximumInterval: 100 },
};
const call = (what: string) => proxyActivities<HolidayActivities>(attempt).call(what);
const callFor = (ms: number, what: string) =>
  proxyActivities<HolidayActivities>({ ...attempt, scheduleToCloseTimeout: ms }).call(what);

async function report(what: string): Promise<void> {
  await callFor(300, `report ${what}`);
}

/** The holiday of a plan. */
export async function holiday(plan: HolidayPlan): Promise<SagaResult<string>> {
  const compensationMs = plan.compensationTimeoutMs ?? 20_000;
  const saga = createSaga({
    onCompensating: (cause) => report(`compensating: ${cause.kind}`),
    onParked: (parked) => report(`parked: ${parked.map(({ step }) => step).join()}`),
    onDelayed: (steps) => report(`delayed: ${steps.join()}`),
  });
  setHandler(progress, () => saga.progress());
  setHandler(cancel, (message) => saga.cancel(message));
  setHandler(retry, ({ step }) => saga.retry(step));
  setHandler(resolve, (note) => saga.resolve(note));

  const book = (name: string) =>
    saga.step(name, {
      run: () => callFor(plan.stepTimeoutMs ?? 20_000, name),
      compensate: () => callFor(compensationMs, `compensate ${name}`),
    });

  const bookHotel = () =>
    plan.stubbornHotel ? CancellationScope.nonCancellable(() => book("hotel")) : book("hotel");

  return saga.run(async () => {
    await book("flight");
    await Promise.all([bookHotel(), book("car")]);
    if (plan.bug) throw new TypeError("a bug in the workflow");
    if (plan.changeOfMind) saga.cancel("rain");
    saga.pivot();
    const receipt = await saga.step("pay", {
      run: () => call("pay"),
      resolved: (note) => `by hand: ${note}`,
      ...(plan.delayedAfterMs === undefined ? {} : { delayedAfterMs: plan.delayedAfterMs }),
    });
    await saga.step("tickets", { run: () => call("tickets") });
    return receipt;
  });
}

/** A saga without a pivot and without updates, which waits after its step. */
export async function picnic(): Promise<SagaResult<string>> {
  return runSaga(async (saga) => {
    const basket = await saga.step("basket", {
      run: () => call("basket"),
      compensate: (cause) => call(`compensate basket: ${cause.message}`),
    });
    await condition(() => false, 60_000);
    return basket;
  });
}

/** A saga without a pivot that is cancelled after its last step. */
export async function stroll(): Promise<SagaResult<void>> {
  return runSaga(async (saga) => {
    await saga.step("walk", { run: () => call("walk"), compensate: () => call("compensate walk") });
    saga.cancel("rain");
  });
}
