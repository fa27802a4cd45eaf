import type { Saga, UndoCause } from "@fanfare/saga";
import type { Recovery } from "@fanfare/trip-contract";
import {
  ActivityFailure,
  CancellationScope,
  CancelledFailure,
  patched,
} from "@temporalio/workflow";
import type { TripLedger } from "./trip-ledger.ts";
import { markTrip } from "./trip-marks.ts";
import type { TripState } from "./trip-state.ts";

/** Drive is when a drive began and ended, as ISO times. */
export interface Drive {
  readonly startedAt: string;
  readonly endedAt: string;
}

/** Left is what is left to do for a trip whose former run is over without its end. */
export type Left =
  | { readonly kind: "undo"; readonly reason: string }
  /** The end of the drive is only a proposal: the ledger keeps the one that it has fixed. */
  | { readonly kind: "settle"; readonly drive: Drive };

/**
 * recover lets the ledger decide, out of reach of cancellations, what is left to do: it says
 * COMPENSATING, and from then on refuses the end of the drive, or has the end and refuses the undo. What
 * the former run still had on its way cannot change that.
 */
export async function recover(
  { reason, startedAt }: Recovery,
  { state, ledger }: { state: TripState; ledger: TripLedger },
): Promise<Left> {
  state.recovering = true;
  try {
    await CancellationScope.nonCancellable(() => ledger.compensate(reason));
    markTrip("status", "COMPENSATING");
    return { kind: "undo", reason };
  } catch (error) {
    if (!(error instanceof ActivityFailure) || startedAt === undefined) throw error;
    state.activating = true;
    state.startedAt = startedAt;
    if (patched("recovery-forgets")) await CancellationScope.nonCancellable(() => forget(ledger));
    return { kind: "settle", drive: { startedAt, endedAt: startedAt } };
  } finally {
    delete state.recovering;
  }
}

/** forget takes back what the former run said of parked and delayed steps: this one says so itself. */
async function forget(ledger: TripLedger): Promise<void> {
  await ledger.resume();
  await ledger.delay("");
}

type Undos = Readonly<Record<string, (cause: UndoCause) => Promise<unknown>>>;

/**
 * undoAll undoes every step, whether it happened or not, in reverse of the order given. They are
 * registered at once, before a cancellation can come between them.
 */
export async function undoAll(
  saga: Saga,
  { undos, reason }: { undos: Undos; reason: string },
): Promise<never> {
  const registered = Object.entries(undos).map(([name, undo]) =>
    saga.step(name, { run: () => Promise.resolve(), undo }),
  );
  saga.cancel(reason);
  await Promise.all(registered);
  throw new CancelledFailure(reason);
}
