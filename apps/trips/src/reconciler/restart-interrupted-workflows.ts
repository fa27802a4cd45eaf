import type { Logger } from "@fanfare/service";
import type { TripInput } from "@fanfare/trip-contract";
import { z } from "zod";
import { inputOf } from "../api/start-trip.ts";
import type { Registry } from "../registry/store.ts";
import type { TripRow } from "../registry/tables.ts";
import type { BrokenRun, BrokenWorkflows } from "../temporal/interrupted-workflows.ts";
import type { Reply } from "../temporal/trip-workflows.ts";

/** RecovererDeps are what the recoverer works with. */
export interface RecovererDeps {
  readonly registry: Pick<Registry, "find" | "claimOpen">;
  readonly workflows: BrokenWorkflows;
  readonly logger: Logger;
}

/** RecovererOptions say how it looks for trips whose workflow is gone. */
export interface RecovererOptions {
  /** How many it looks at in one sweep. */
  readonly batch: number;
  /** How long a trip that was looked at is left alone, by all processes. */
  readonly leaseDurationMs: number;
}

/**
 * Recoverer puts right what workflows left that were terminated, timed out or failed, or that Temporal
 * has forgotten.
 */
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
export function createRecoverer(
  { registry, workflows, logger }: RecovererDeps,
  { batch, leaseDurationMs }: RecovererOptions,
): Recoverer {
  let since = new Date(0);
  let known = new Set<string>();

  async function putRight({ tripId, status, recovery }: BrokenRun): Promise<void> {
    const trip = uuid.safeParse(tripId).success ? await registry.find(tripId) : undefined;
    if (trip === undefined) {
      logger.warn(
        { tripId, status },
        "the registry knows nothing of a trip whose workflow broke off",
      );
      return;
    }
    // A trip says so when the last thing that it held is given back.
    if (trip.status === "CANCELLED") return;
    if (recovery && status === "FAILED") {
      logger.error({ tripId }, "a trip cannot be put right by itself: somebody has to look at it");
      return;
    }
    await recover(trip, wordsOf(status));
  }

  async function recover(trip: TripRow, how: string): Promise<void> {
    const reply = await workflows.recover(recoveryOf(trip, how), { timeoutMs });
    // It runs, or came to its end meanwhile.
    if (reply.kind === "gone") return;
    outcomeOf(reply);
    logger.warn({ tripId: trip.trip_id, reason: how }, "putting a trip right");
  }

  async function putRightIfGone({ trip_id: tripId }: TripRow, signal: AbortSignal): Promise<void> {
    const reply = await workflows.has(tripId, { timeoutMs, signal });
    if (signal.aborted || outcomeOf(reply)) return;
    // What it recorded before it went counts, up to its last word.
    const trip = await registry.find(tripId);
    if (trip === undefined || trip.status === "CANCELLED") return;
    await recover(trip, "is gone from Temporal");
  }

  return {
    async sweep(signal) {
      const began = Date.now();
      const reply = await workflows.list(since, { timeoutMs, signal });
      if (signal.aborted) return;
      const seen = new Set<string>();
      for (const run of outcomeOf(reply)) {
        if (signal.aborted) return;
        if (!known.has(run.runId)) await putRight(run);
        seen.add(run.runId);
      }
      known = seen;
      since = new Date(began - overlapMs);
      for (const trip of await registry.claimOpen({ limit: batch, leaseDurationMs })) {
        if (signal.aborted) return;
        await putRightIfGone(trip, signal);
      }
    },
  };
}

function outcomeOf<Outcome>(reply: Reply<Outcome>): Outcome {
  if (reply.kind === "answered") return reply.outcome;
  throw reply.kind === "away" ? reply.cause : new Error(`no answer within ${timeoutMs} ms`);
}

function wordsOf(status: string): string {
  const how = status.toLowerCase().replace("_", " ");
  return `was ${how === "failed" ? "broken off by an error" : how}`;
}

function recoveryOf(trip: TripRow, how: string): TripInput {
  const { version, compensation_version, delay_version, started_at, broadcast } = trip;
  const last = Math.max(Number(version), Number(compensation_version), Number(delay_version));
  return {
    ...inputOf(trip),
    recovery: {
      reason: `its workflow ${how}`,
      versionFloor: (Math.floor(last / versionsPerRun) + 1) * versionsPerRun,
      ...(started_at === null ? {} : { startedAt: started_at.toISOString() }),
      ...(broadcast === "PUBLISHED" ? { published: true } : {}),
    },
  };
}
