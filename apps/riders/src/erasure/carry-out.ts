import { ConnectError } from "@connectrpc/connect";
import { type Logger, refusalCodes } from "@fanfare/service";
import { type DataApp, dataApps } from "../data-apps.ts";
import { beginErasure, type ErasureDeps } from "./begin-erasure.ts";
import {
  claimErasure,
  completeErasure,
  findErasure,
  recordAnswer,
  refuseErasure,
  scheduleErasure,
} from "./erasure-store.ts";
import type { ErasureRow } from "./erasure-tables.ts";

/** What carries out erasures. */
export interface CarryOutDeps extends ErasureDeps {
  readonly logger: Pick<Logger, "warn">;
}

/** Longer than the calls of one round take. */
const leaseMs = 30_000;
const maxDelayMs = 5_000;
/** The pause between two calls of an app that has more to erase. */
const nextBatchMs = 250;

/**
 * Carries out one round of an erasure that is due: begins it, asks every app that has not confirmed, and
 * records the answers. Returns whether one was due. An app that fails is asked again after 0.5 s, 1 s, 2 s, and
 * so on, up to 5 s, until it confirms.
 */
export async function carryOutErasure(deps: CarryOutDeps): Promise<boolean> {
  const erasure = await claimErasure(deps.db, leaseMs);
  if (erasure === undefined) return false;
  const { rider_id: riderId } = erasure;
  const isSound = (await begin(deps, erasure)) && (await askApps(deps, riderId));
  await completeErasure(deps.db, riderId);
  const failures = isSound ? 0 : erasure.failures + 1;
  const delayMs = isSound ? nextBatchMs : Math.min(maxDelayMs, 250 * 2 ** Math.min(failures, 5));
  await scheduleErasure(deps.db, riderId, { delayMs, failures });
  return true;
}

/** Returns whether the erasure has begun. */
async function begin(deps: CarryOutDeps, erasure: ErasureRow): Promise<boolean> {
  if (erasure.begun_at !== null) return true;
  try {
    await beginErasure(deps, erasure);
    return true;
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    if (refusalCodes.has(code)) await refuseErasure(deps.db, erasure.rider_id, rawMessage);
    deps.logger.warn({ err: error }, "an erasure cannot begin");
    return false;
  }
}

/** Returns whether no app failed. */
async function askApps(deps: CarryOutDeps, riderId: string): Promise<boolean> {
  const found = await findErasure(deps.db, riderId);
  const unconfirmed = dataApps.filter((name) =>
    found?.apps.some(({ app, confirmed_at }) => app === name && confirmed_at === null),
  );
  const sound = await Promise.all(unconfirmed.map((app) => askApp(deps, riderId, app)));
  return sound.every(Boolean);
}

async function askApp(
  { db, clients, logger }: CarryOutDeps,
  riderId: string,
  app: DataApp,
): Promise<boolean> {
  try {
    const { done, kept } = await clients.data[app].eraseRiderData({ riderId });
    if (done) await recordAnswer(db, { riderId, app }, { kept });
    return true;
  } catch (error) {
    logger.warn({ err: error, app }, "an app has not erased a rider, will ask again");
    await recordAnswer(db, { riderId, app }, { error: ConnectError.from(error).rawMessage });
    return false;
  }
}
