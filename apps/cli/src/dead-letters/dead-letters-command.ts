import { BusError, type DeadLetter, type DeadLetters, type EventBus } from "@fanfare/bus";
import { connectNats, readGroups } from "@fanfare/bus-nats";
import { Action } from "@fanfare/contracts/operators/v1/operators";
import { findEventSchema, topics } from "@fanfare/topology";
import { CliError } from "../cli-error.ts";
import { formatAge } from "../format-age.ts";
import { readNatsOptions } from "../nats/nats-options.ts";
import { type DecisionFlags, logDecision, logOutcome } from "../operators/log-decision.ts";
import { alignRows, createTerminal, type Terminal } from "../terminal.ts";
import { decodeDeadLetter, formatDeadLetter } from "./dead-letter-text.ts";
import { checkSelection, type Selection, selectDeadLetters } from "./select-dead-letters.ts";

/** The flags of the dead-letters commands. */
export interface DeadLetterFlags extends Selection, DecisionFlags {
  readonly json?: boolean;
  /** The most dead letters to print. */
  readonly limit?: number;
}

/** Prints the dead letters of one group, or of all groups, one a line. */
export async function listDeadLetters(
  group: string | undefined,
  flags: DeadLetterFlags,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const { json = false, limit = 100 } = flags;
  await using bus = await openBus(env);
  const found: DeadLetter[] = [];
  for (const name of group === undefined ? await findGroupsWithDeadLetters(env) : [group]) {
    for await (const letter of selectDeadLetters(bus.deadLetters(name), flags)) {
      if (found.length > limit) break;
      found.push(letter);
    }
  }
  const shown = found.slice(0, limit);
  const terminal = createTerminal();
  if (json) {
    return terminal.line(JSON.stringify(shown.map(({ data: _data, ...letter }) => letter)));
  }
  if (shown.length === 0) return terminal.line("No event is dead-lettered.");
  const header = [
    "group",
    "sequence",
    "topic",
    "id",
    "cause",
    "attempts",
    "dead-lettered",
    "error",
  ];
  const rows = shown.map((one) => [
    one.group,
    `${one.sequence}`,
    one.topic,
    one.id,
    one.cause,
    `${one.attempts}`,
    `${formatAge(one.deadLetteredAt)} ago`,
    one.error,
  ]);
  for (const line of alignRows([header, ...rows])) terminal.line(line);
  if (found.length > limit) terminal.line(`More than ${limit} dead letters: raise --limit`);
}

/** Prints dead letters with their headers and the decoded message. */
export async function showDeadLetters(
  group: string,
  flags: DeadLetterFlags,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const { json = false, limit = 10 } = flags;
  checkSelection(flags);
  await using bus = await openBus(env);
  const found = [];
  for await (const letter of selectDeadLetters(bus.deadLetters(group), flags)) {
    if (found.push(decodeDeadLetter(letter, findEventSchema(letter.topic))) >= limit) break;
  }
  if (found.length === 0)
    throw new CliError(
      `no dead letter of the group ${group} matches: list them with fanfare dead-letters list ${group}`,
    );
  const terminal = createTerminal();
  if (json) return terminal.line(JSON.stringify(found));
  for (const [index, letter] of found.entries()) {
    if (index > 0) terminal.line();
    for (const line of formatDeadLetter(letter)) terminal.line(line);
  }
}

/** The outcome of a replay or a discard of one dead letter. */
interface ReplayOrDiscard {
  readonly group: string;
  readonly sequence: number;
  readonly topic: string;
  readonly id: string;
  readonly outcome: "replayed" | "replayed before" | "discarded" | "failed";
  /** The sequence of a replayed event in its topic. */
  readonly storedAs?: number;
  readonly error?: string;
}

/** Replays dead letters to their group, and prints the outcome of each. */
export async function replayDeadLetters(
  group: string,
  flags: DeadLetterFlags,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const action = Action.REPLAY_DEAD_LETTERS;
  await applyToEach(group, { ...flags, action }, env, async (letters, { sequence }) => {
    const { duplicate, sequence: storedAs } = await letters.replay(sequence);
    return { outcome: duplicate ? "replayed before" : "replayed", storedAs };
  });
}

/** Removes dead letters permanently, and prints the outcome of each. */
export async function discardDeadLetters(
  group: string,
  flags: DeadLetterFlags,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const action = Action.DISCARD_DEAD_LETTERS;
  await applyToEach(group, { ...flags, action }, env, async (letters, { sequence }) => {
    await letters.discard(sequence);
    return { outcome: "discarded" };
  });
}

/** Appends the decision to the operator log, settles each selected dead letter, and appends the outcome. */
async function applyToEach(
  group: string,
  { action, ...flags }: DeadLetterFlags & { readonly action: Action },
  env: NodeJS.ProcessEnv,
  settle: (
    letters: DeadLetters,
    letter: Pick<DeadLetter, "sequence">,
  ) => Promise<Pick<ReplayOrDiscard, "outcome" | "storedAs">>,
): Promise<void> {
  checkSelection(flags);
  await using bus = await openBus(env);
  const letters = bus.deadLetters(group);
  // Selects all of them first: a replayed event may be dead-lettered again during the loop.
  const selected: Omit<ReplayOrDiscard, "outcome">[] = [];
  for await (const { sequence, topic, id } of selectDeadLetters(letters, flags)) {
    selected.push({ group, sequence, topic, id });
  }
  if (selected.length > 0) {
    const details = selected.map(({ sequence, topic, id }) => `${topic} ${sequence} (${id})`);
    await logDecision(flags, { action, subject: group, details });
  }
  const terminal = createTerminal();
  const done: ReplayOrDiscard[] = [];
  for (const letter of selected) {
    const one = await settle(letters, letter).then(
      (outcome) => ({ ...letter, ...outcome }),
      (reason: unknown): ReplayOrDiscard => {
        const error = BusError.from(reason).message;
        return { ...letter, outcome: "failed", error };
      },
    );
    done.push(one);
    if (flags.json !== true) printOutcome(terminal, one);
  }
  if (flags.json === true) terminal.line(JSON.stringify(done));
  const failed = done.filter(({ outcome }) => outcome === "failed");
  if (done.length > 0) {
    const counts = countOutcomes(done);
    const states = { before: done.length, after: failed.length };
    await logOutcome(flags, { action, subject: group, counts, ...states });
  }
  if (failed.length > 0)
    throw new CliError(
      `${failed.length} of ${done.length} failed and are still stored: fix the errors above and repeat`,
    );
  if (done.length > 0 || flags.json === true) return;
  if (flags.all === true) return terminal.line(`The group ${group} has no dead letters.`);
  throw new CliError(
    `no dead letter of the group ${group} matches: list them with fanfare dead-letters list ${group}`,
  );
}

function countOutcomes(done: readonly ReplayOrDiscard[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { outcome } of done) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return counts;
}

function printOutcome(terminal: Terminal, done: ReplayOrDiscard): void {
  const { outcome, topic, id, sequence, storedAs, error } = done;
  const after =
    storedAs === undefined ? (error === undefined ? "" : `: ${error}`) : ` as event ${storedAs}`;
  terminal.line(`${outcome}  ${sequence}  ${topic}  ${id}${after}`);
}

async function openBus(env: NodeJS.ProcessEnv): Promise<EventBus> {
  return await connectNats({
    ...(await readNatsOptions(env)),
    name: "fanfare dead-letters",
    provision: false,
  });
}

async function findGroupsWithDeadLetters(env: NodeJS.ProcessEnv): Promise<string[]> {
  const groups = await readGroups(await readNatsOptions(env), { topics });
  return groups.flatMap(({ group, deadLetters }) => (deadLetters.count > 0 ? [group] : []));
}
