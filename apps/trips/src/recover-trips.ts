import type { Logger } from "@fanfare/service";
import type { TripInput } from "@fanfare/worker/contract";
import { z } from "zod";
import type { BrokenRun, BrokenWorkflows } from "./broken-workflows.ts";
import { inputOf } from "./start-trip.ts";
import type { Ledger } from "./store.ts";
import type { TripRow } from "./tables.ts";

/** RecovererDeps are what the recoverer works with. */
export interface RecovererDeps {
  readonly ledger: Pick<Ledger, "find">;
  readonly workflows: BrokenWorkflows;
  readonly logger: Logger;
}

/** Recoverer puts right what workflows left that were terminated, timed out or failed. */
export interface Recoverer {
  /** sweep looks once. It throws when the database or Temporal is away. */
  sweep(signal: AbortSignal): Promise<void>;
}

const timeoutMs = 10_000;
/** Temporal lists what is over some moments after it is. */
const overlapMs = 5 * 60_000;
/** Above every version that a run before this one can have given to a change, on its way or not. */
const versionsPerRun = 1_000_000;

const uuid = z.uuid();

/**
 * createRecoverer makes one, which knows nothing yet: its first sweep looks at all that Temporal
 * remembers, the later ones at what was broken off since. Several processes may sweep at once.
 */
export function createRecoverer({ ledger, workflows, logger }: RecovererDeps): Recoverer {
  let since = new Date(0);
  let known = new Set<string>();

  async function putRight({ tripId, status, recovery }: BrokenRun): Promise<void> {
    const trip = uuid.safeParse(tripId).success ? await ledger.find(tripId) : undefined;
    if (trip === undefined) {
      logger.warn(
        { tripId, status },
        "the ledger knows nothing of a trip whose workflow broke off",
      );
      return;
    }
    // A trip says so when the last thing that it held is given back.
    if (trip.status === "CANCELLED") return;
    if (recovery && status === "FAILED") {
      logger.error({ tripId }, "a trip cannot be put right by itself: somebody has to look at it");
      return;
    }
    const reply = await workflows.recover(recoveryOf(trip, status), { timeoutMs });
    if (reply.kind === "away") throw reply.cause;
    if (reply.kind === "late") throw new Error(`no answer within ${timeoutMs} ms`);
    if (reply.kind === "answered") logger.warn({ tripId, status }, "putting a trip right");
  }

  return {
    async sweep(signal) {
      const began = Date.now();
      const reply = await workflows.list(since, { timeoutMs, signal });
      if (signal.aborted) return;
      if (reply.kind === "away") throw reply.cause;
      if (reply.kind !== "answered") throw new Error(`no answer within ${timeoutMs} ms`);
      const seen = new Set<string>();
      for (const run of reply.outcome) {
        if (signal.aborted) return;
        if (!known.has(run.runId)) await putRight(run);
        seen.add(run.runId);
      }
      known = seen;
      since = new Date(began - overlapMs);
    },
  };
}

function recoveryOf(trip: TripRow, status: string): TripInput {
  const { version, undo_version, delay_version, started_at, broadcast } = trip;
  const last = Math.max(Number(version), Number(undo_version), Number(delay_version));
  const how = status.toLowerCase().replace("_", " ");
  return {
    ...inputOf(trip),
    recovery: {
      reason: `its workflow was ${how === "failed" ? "broken off by an error" : how}`,
      versionsAbove: (Math.floor(last / versionsPerRun) + 1) * versionsPerRun,
      ...(started_at === null ? {} : { startedAt: started_at.toISOString() }),
      ...(broadcast === "PUBLISHED" ? { published: true } : {}),
    },
  };
}
