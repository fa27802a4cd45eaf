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

/** A decision of the caller on dead letters. */
interface Decision {
  readonly action: Action;
  /** The consumer group. */
  readonly subject: string;
}

/**
 * Appends the decision of the caller to the operator log, before it takes effect: as one entry, or as several
 * when one cannot hold all details. Throws when it is not stored, unless the flag `unlogged` is set.
 */
export async function logDecision(
  flags: DecisionFlags,
  { details, ...decision }: Decision & { readonly details: readonly string[] },
): Promise<void> {
  const before = { stored: details.length };
  const texts = joinDetails(details, maxDetailsLength);
  const entries = texts.map((text) => ({ ...decision, details: text, before }));
  await append(
    flags,
    entries,
    (url) =>
      `nothing is done, because the operator log at ${url} does not store the decision: set FANFARE_URL and FANFARE_TOKEN, or add --unlogged`,
  );
}

/** What a decision did to its dead letters. */
interface Outcome extends Decision {
  /** How many dead letters each outcome has, by its name. */
  readonly counts: ReadonlyMap<string, number>;
  /** How many of the dead letters were stored before, and are stored after. */
  readonly before: number;
  readonly after: number;
}

/** Appends what a logged decision did, with the state before and after. */
export async function logOutcome(
  flags: DecisionFlags,
  { counts, before, after, ...decision }: Outcome,
): Promise<void> {
  const details = [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
  const states = { before: { stored: before }, after: { stored: after } };
  await append(
    flags,
    [{ ...decision, details: `outcome: ${details}`, ...states }],
    (url) => `the operator log at ${url} has the decision and does not store its outcome`,
  );
}

interface NewEntry extends Decision {
  readonly details: string;
  readonly before: { readonly stored: number };
  readonly after?: { readonly stored: number };
}

async function append(
  { reason = "", unlogged = false, ...caller }: DecisionFlags,
  entries: readonly NewEntry[],
  describeFailure: (url: string) => string,
): Promise<void> {
  if (unlogged) return;
  const address = await findAddress({ ...caller, operator: true });
  using log = connectTo(OperatorLogService, address);
  for (const part of entries) {
    const entry = { ...part, entryId: randomUUID(), reason };
    await log.client.append(entry, { timeoutMs: callTimeoutMs }).catch((cause: unknown) => {
      throw new CliError(describeFailure(address.url), { cause });
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
