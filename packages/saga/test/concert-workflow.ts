import { createSaga, type SagaProgress, type SagaResult } from "@fanfare/saga";
import { defineQuery, defineUpdate, proxyActivities, setHandler } from "@temporalio/workflow";

interface BoxOffice {
  holdSeats(order: string): Promise<void>;
  freeSeats(order: string): Promise<void>;
  charge(order: string): Promise<void>;
  refund(order: string): Promise<void>;
  printTickets(order: string): Promise<string>;
}

const attempt = { startToCloseTimeout: "5s", retry: { maximumInterval: "5s" } } as const;
const thirtySeconds = proxyActivities<BoxOffice>({ ...attempt, scheduleToCloseTimeout: "30s" });
const withoutEnd = proxyActivities<BoxOffice>(attempt);

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
      run: () => thirtySeconds.holdSeats(order),
      compensate: () => thirtySeconds.freeSeats(order),
    });
    await saga.step("payment", {
      run: () => thirtySeconds.charge(order),
      compensate: () => thirtySeconds.refund(order),
    });
    saga.pivot();
    return await saga.step("tickets", {
      run: () => withoutEnd.printTickets(order),
      resolved: (note) => note,
    });
  });
}
