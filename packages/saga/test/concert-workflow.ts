import { createSaga, type SagaProgress, type SagaResult } from "@fanfare/saga";
import { defineQuery, defineUpdate, proxyActivities, setHandler } from "@temporalio/workflow";

interface BoxOffice {
  holdSeats(order: string): Promise<void>;
  freeSeats(order: string): Promise<void>;
  charge(order: string): Promise<void>;
  refund(order: string): Promise<void>;
  printTickets(order: string): Promise<string>;
}

const patient = { startToCloseTimeout: "5s", retry: { maximumInterval: "5s" } } as const;
const forHalfAMinute = proxyActivities<BoxOffice>({ ...patient, scheduleToCloseTimeout: "30s" });
const forEver = proxyActivities<BoxOffice>(patient);

export const progress = defineQuery<SagaProgress>("progress");
export const cancel = defineUpdate<boolean, [string]>("cancel");
export const retry = defineUpdate<readonly string[]>("retry");
export const resolve = defineUpdate<readonly string[], [string]>("resolve");

export async function concert(order: string): Promise<SagaResult<string>> {
  const saga = createSaga();
  setHandler(progress, () => saga.progress());
  setHandler(cancel, (reason) => saga.cancel(reason));
  setHandler(retry, () => saga.retry());
  setHandler(resolve, (note) => saga.resolve(note));

  return saga.run(async () => {
    await saga.step("seats", {
      run: () => forHalfAMinute.holdSeats(order),
      compensate: () => forHalfAMinute.freeSeats(order),
    });
    await saga.step("payment", {
      run: () => forHalfAMinute.charge(order),
      compensate: () => forHalfAMinute.refund(order),
    });
    saga.pivot();
    return await saga.step("tickets", {
      run: () => forEver.printTickets(order),
      resolved: (note) => note,
    });
  });
}
