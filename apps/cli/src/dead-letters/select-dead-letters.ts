import type { DeadLetter, DeadLetters } from "@fanfare/bus";
import { CliError } from "../cli-error.ts";

/** Selection says which dead letters of a group are meant: those that fit all that is said. */
export interface Selection {
  readonly id?: readonly string[];
  /** Part of the error, in any case. */
  readonly error?: string;
  readonly cause?: string;
  readonly sequence?: readonly number[];
  /** Says that all are meant, where nothing else is said. */
  readonly all?: boolean;
}

/** lettersOf gives the dead letters that were there when it was asked, oldest first. */
export async function* selectDeadLetters(
  letters: DeadLetters,
  selection: Selection,
): AsyncGenerator<DeadLetter> {
  let after = 0;
  for (;;) {
    const page = await letters.list({ after });
    for (const letter of page) if (matches(letter, selection)) yield letter;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.sequence;
  }
}

/** checkSelection throws where nothing is said of which are meant. */
export function checkSelection({ id, error, cause, sequence, all }: Selection): void {
  const said = [id, sequence].some((list) => list !== undefined && list.length > 0);
  if (said || error !== undefined || cause !== undefined || all === true) return;
  throw new CliError("Say which: --id, --sequence, --error, --cause, or --all");
}

function matches(letter: DeadLetter, { id = [], error, cause, sequence = [] }: Selection): boolean {
  return (
    (id.length === 0 || id.includes(letter.id)) &&
    (sequence.length === 0 || sequence.includes(letter.sequence)) &&
    (cause === undefined || letter.cause === cause) &&
    (error === undefined || letter.error.toLowerCase().includes(error.toLowerCase()))
  );
}
