import { Code, ConnectError } from "@connectrpc/connect";
import { refusalCodes } from "@fanfare/service";
import { beginErasure, type ErasureDeps } from "./begin-erasure.ts";
import {
  type ErasureRecord,
  type ErasureRequest,
  findErasure,
  recordErasure,
  removeErasure,
} from "./erasure-store.ts";

/**
 * Records the erasure of a rider and begins it. Returns the one that there is, if it was not refused. When trips
 * does not answer, the erasure begins once it does. Throws what trips refuses, and keeps nothing then.
 */
export async function eraseRider(
  deps: ErasureDeps,
  request: ErasureRequest,
): Promise<ErasureRecord> {
  const recorded = await recordErasure(deps.db, request);
  if (recorded.begun_at === null) {
    try {
      await beginErasure(deps, recorded);
    } catch (error) {
      if (refusalCodes.has(ConnectError.from(error).code)) {
        await removeErasure(deps.db, request.riderId);
        throw error;
      }
      // The loop begins it: the error is in its log until it does.
    }
  }
  return await getErasure(deps, request.riderId);
}

/** Returns the erasure of a rider. Throws not_found when there is none. */
export async function getErasure(
  { db }: Pick<ErasureDeps, "db">,
  riderId: string,
): Promise<ErasureRecord> {
  const found = await findErasure(db, riderId);
  if (found !== undefined) return found;
  throw new ConnectError(
    `there is no erasure of rider ${riderId}: check the id, or erase the rider with EraseRider`,
    Code.NotFound,
  );
}
