import { setTimeout as sleep } from "node:timers/promises";
import { toJson } from "@bufbuild/protobuf";
import { type Erasure, ErasureSchema, RidersService } from "@fanfare/contracts/riders/v1/riders";
import { CliError } from "../cli-error.ts";
import { alignRows, createTerminal } from "../terminal.ts";
import { findAddress } from "../trip/find-address.ts";
import { connectTo } from "../trip/trips-client.ts";
import type { RidersFlags } from "./riders-command.ts";
import { formatSearch, listFailures, toSearchJson } from "./search/format-search.ts";
import { locatePlaces, type PlaceFlags } from "./search/locate-places.ts";
import { createPatterns, findIn, type Wanted } from "./search/matcher.ts";
import { collectValues } from "./search/rider-values.ts";
import { searchPlaces } from "./search/search-places.ts";

/** The flags of `riders erase`. */
export interface EraseFlags extends RidersFlags, PlaceFlags {
  readonly reason: string;
  /** How long to wait for all apps, in seconds. */
  readonly wait: number;
}

const pollIntervalMs = 250;

/**
 * Erases a rider as an operator, waits until every app has confirmed, searches all that it can reach for what was
 * stored of the rider, and prints what each app keeps and what the search has found. Throws when the erasure is
 * refused, when an app has not confirmed in time (the erasure goes on), and when something was found. A place that
 * cannot be searched is printed, and fails nothing.
 */
export async function eraseRider(riderId: string, flags: EraseFlags): Promise<void> {
  const { reason, wait } = flags;
  const address = await findAddress({ ...flags, operator: true }, process.env, "riders");
  using riders = connectTo(RidersService, address);
  const places = await locatePlaces(process.env, flags);
  const { values, left } = await collectValues(riderId, places, () =>
    riders.client.getRider({ riderId }),
  );
  checkReason(reason, values);
  const deadline = performance.now() + wait * 1000;
  let { erasure } = await riders.client.eraseRider({ riderId, reason });
  while (isUnderWay(erasure) && performance.now() < deadline) {
    await sleep(pollIntervalMs);
    ({ erasure } = await riders.client.getErasure({ riderId }));
  }
  if (erasure === undefined) throw new CliError("expected an erasure from riders, got none");
  const failure = explainFailure(erasure, wait);
  const search = failure === undefined ? await searchPlaces(places, values) : undefined;
  const terminal = createTerminal();
  const lines = flags.json
    ? [JSON.stringify({ ...toJsonObject(erasure), search: search && toSearchJson(search, left) })]
    : [
        ...formatErasure(erasure),
        ...(search === undefined ? [] : ["", ...formatSearch(search, left)]),
      ];
  for (const line of lines) terminal.line(line);
  if (failure !== undefined) throw new CliError(failure);
  const found = listFailures(search?.left ?? []);
  if (found.length === 0) return;
  throw new CliError(
    `expected nothing of the rider after the erasure, found ${found.join(", ")}: remove it there`,
  );
}

function toJsonObject(erasure: Erasure): object {
  return Object(toJson(ErasureSchema, erasure));
}

/** Throws when a reason, which is kept for good, has what is to vanish. */
function checkReason(reason: string, values: readonly Wanted[]): void {
  const [found] = findIn(Buffer.from(reason), createPatterns(values));
  if (found === undefined || found.what === "rider id") return;
  throw new CliError(
    `expected a reason that names no person, found the ${found.what}: it is kept for good, so refer to the request`,
  );
}

/** Returns the state of each app and what it keeps, as lines. */
export function formatErasure({ apps }: Erasure): string[] {
  const states = apps.map(({ app, confirmedAt, lastError }) => [
    app,
    confirmedAt === undefined
      ? `not confirmed${lastError === "" ? "" : `: ${lastError}`}`
      : "erased",
  ]);
  const kept = apps.flatMap((one) => one.kept.map((what) => [one.app, what]));
  return [...alignRows(states), ...(kept.length === 0 ? [] : ["", "Kept:", ...alignRows(kept)])];
}

/** Returns why an erasure is not complete; undefined when it is. */
export function explainFailure(erasure: Erasure, waitSeconds: number): string | undefined {
  const { refusal, begunAt, completedAt, apps } = erasure;
  if (completedAt !== undefined) return undefined;
  if (refusal !== "") return `the erasure was refused: ${refusal}`;
  const missing = apps.filter(({ confirmedAt }) => confirmedAt === undefined);
  const names = begunAt === undefined ? "trips" : missing.map(({ app }) => app).join(", ");
  return `no confirmation of ${names} within ${waitSeconds} s: the erasure goes on, run the command again to see whether it is complete`;
}

function isUnderWay(erasure: Erasure | undefined): boolean {
  return erasure !== undefined && erasure.completedAt === undefined && erasure.refusal === "";
}
