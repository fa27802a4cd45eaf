import { setTimeout as sleep } from "node:timers/promises";
import { toJson } from "@bufbuild/protobuf";
import { type Erasure, ErasureSchema, RidersService } from "@fanfare/contracts/riders/v1/riders";
import { CliError } from "../cli-error.ts";
import { alignRows, createTerminal } from "../terminal.ts";
import { findAddress } from "../trip/find-address.ts";
import { connectTo } from "../trip/trips-client.ts";
import type { RidersFlags } from "./riders-command.ts";

/** The flags of `riders erase`. */
export interface EraseFlags extends RidersFlags {
  readonly reason: string;
  /** How long to wait for all apps, in seconds. */
  readonly wait: number;
}

const pollIntervalMs = 250;

/**
 * Erases a rider as an operator, waits until every app has confirmed, and prints what each of them keeps. Throws
 * when the erasure is refused, and when an app has not confirmed in time: the erasure goes on.
 */
export async function eraseRider(riderId: string, flags: EraseFlags): Promise<void> {
  const { reason, wait } = flags;
  const address = await findAddress({ ...flags, operator: true }, process.env, "riders");
  using riders = connectTo(RidersService, address);
  const deadline = performance.now() + wait * 1000;
  let { erasure } = await riders.client.eraseRider({ riderId, reason });
  while (isUnderWay(erasure) && performance.now() < deadline) {
    await sleep(pollIntervalMs);
    ({ erasure } = await riders.client.getErasure({ riderId }));
  }
  if (erasure === undefined) throw new CliError("expected an erasure from riders, got none");
  const terminal = createTerminal();
  const lines = flags.json
    ? [JSON.stringify(toJson(ErasureSchema, erasure))]
    : formatErasure(erasure);
  for (const line of lines) terminal.line(line);
  const failure = explainFailure(erasure, wait);
  if (failure !== undefined) throw new CliError(failure);
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
