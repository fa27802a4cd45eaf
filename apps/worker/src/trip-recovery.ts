import type { CompensationCause, Saga } from "@fanfare/saga";
import type { RecoveryInput } from "@fanfare/trip-contract";
import {
  ActivityFailure,
  CancellationScope,
  CancelledFailure,
  patched,
} from "@temporalio/workflow";
import { markTrip } from "./trip-marks.ts";
import type { TripRegistry } from "./trip-registry.ts";
import type { TripState } from "./trip-state.ts";

/** Drive is when a drive began and ended, as ISO times. */
export interface Drive {
  readonly startedAt: string;
  readonly endedAt: string;
}

/** Left is what is left to do for a trip whose former run is over without its end. */
export type Left =
  | { readonly kind: "compensate"; readonly reason: string }
  /** The end of the drive is only a proposal: the registry keeps the one that it has fixed. */
  | { readonly kind: "settle"; readonly drive: Drive };

/**
 * recover lets the registry decide, out of reach of cancellations, what is left to do: it says
 * COMPENSATING, and from then on refuses the end of the drive, or has the end and refuses the compensation. What
 * the former run still had on its way cannot change that.
 */
export async function recover(
  { reason, startedAt }: RecoveryInput,
  { state, registry }: { state: TripState; registry: TripRegistry },
): Promise<Left> {
  state.recovering = true;
  try {
    await CancellationScope.nonCancellable(() => registry.compensate(reason));
    markTrip("status", "COMPENSATING");
    return { kind: "compensate", reason };
  } catch (error) {
    if (!(error instanceof ActivityFailure) || startedAt === undefined) throw error;
    state.activating = true;
    state.startedAt = startedAt;
    if (patched("recovery-forgets")) await CancellationScope.nonCancellable(() => forget(registry));
    return { kind: "settle", drive: { startedAt, endedAt: startedAt } };
  } finally {
    delete state.recovering;
  }
}

/** forget takes back what the former run said of parked and delayed steps: this one says so itself. */
async function forget(registry: TripRegistry): Promise<void> {
  await registry.resume();
  await registry.delay("");
}

type Compensations = Readonly<Record<string, (cause: CompensationCause) => Promise<unknown>>>;

/**
 * compensateAll compensates every step, whether it happened or not, in reverse of the order given. They are
 * registered at once, before a cancellation can come between them.
 */
export async function compensateAll(
  saga: Saga,
  { compensations, reason }: { compensations: Compensations; reason: string },
): Promise<never> {
  const registered = Object.entries(compensations).map(([name, compensate]) =>
    saga.step(name, { run: () => Promise.resolve(), compensate }),
  );
  saga.cancel(reason);
  await Promise.all(registered);
  throw new CancelledFailure(reason);
}
