import { randomUUID } from "node:crypto";
import { type Action, OperatorLogService } from "@fanfare/contracts/operators/v1/operators";
import { escapeText } from "@fanfare/service";
import { CliError } from "../cli-error.ts";
import { type CallerOptions, findAddress } from "../trip/find-address.ts";
import { connectTo } from "../trip/trips-client.ts";

/** The flags of a command that carries out a decision of an operator. */
export interface DecisionFlags extends CallerOptions {
  /** Why the operator decided so. */
  readonly reason?: string;
  /** Carries out the decision without the operator log. */
  readonly unlogged?: boolean;
}

const callTimeoutMs = 10_000;
/** The longest details that the log accepts. */
const maxDetailsLength = 10_000;

/** A decision of the caller. */
interface Decision {
  readonly action: Action;
  readonly subject: string;
  /** What the decision applies to. */
  readonly details: readonly string[];
}

/**
 * Appends the decision of the caller to the operator log, before it takes effect: as one entry, or as several
 * when one cannot hold all details. Throws when it is not stored, unless the flag `unlogged` is set.
 */
export async function logDecision(
  { reason = "", unlogged = false, ...caller }: DecisionFlags,
  { details, ...decision }: Decision,
): Promise<void> {
  if (unlogged) return;
  const address = await findAddress({ ...caller, operator: true });
  using log = connectTo(OperatorLogService, address);
  for (const part of joinDetails(details, maxDetailsLength)) {
    const entry = { ...decision, details: part, entryId: randomUUID(), reason };
    await log.client.append(entry, { timeoutMs: callTimeoutMs }).catch((cause: unknown) => {
      throw new CliError(
        `nothing is done, because the operator log at ${address.url} does not store the decision: set FANFARE_URL and FANFARE_TOKEN, or add --unlogged`,
        { cause },
      );
    });
  }
}

/** Joins details with commas to texts of a length, of which the first may be empty. */
export function joinDetails(details: readonly string[], maxLength: number): string[] {
  const texts = [""];
  for (const detail of details.map((one) => escapeText(one).slice(0, maxLength))) {
    const last = texts.at(-1) ?? "";
    const joined = last === "" ? detail : `${last}, ${detail}`;
    if (joined.length <= maxLength) texts[texts.length - 1] = joined;
    else texts.push(detail);
  }
  return texts;
}
