import type { DeadLetter, DeadLetters } from "@fanfare/bus";
import { CliError } from "../cli-error.ts";

/** Selects the dead letters of a group that match every given field. */
export interface Selection {
  readonly id?: readonly string[];
  /** A part of the error, case-insensitive. */
  readonly error?: string;
  readonly cause?: string;
  readonly sequence?: readonly number[];
  /** Selects all dead letters when no other field is given. */
  readonly all?: boolean;
}

/** Yields the selected dead letters, oldest first. */
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

/** Throws when the selection is empty. */
export function checkSelection({ id, error, cause, sequence, all }: Selection): void {
  const listed = [id, sequence].some((list) => list !== undefined && list.length > 0);
  if (listed || error !== undefined || cause !== undefined || all === true) return;
  throw new CliError(
    "expected a selection: add --id, --sequence, --error or --cause, or --all for all of them",
  );
}

function matches(letter: DeadLetter, { id = [], error, cause, sequence = [] }: Selection): boolean {
  return (
    (id.length === 0 || id.includes(letter.id)) &&
    (sequence.length === 0 || sequence.includes(letter.sequence)) &&
    (cause === undefined || letter.cause === cause) &&
    (error === undefined || letter.error.toLowerCase().includes(error.toLowerCase()))
  );
}
