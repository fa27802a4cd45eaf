import { type Command, Option } from "commander";
import { runUntilDone } from "../run-until-done.ts";
import type { DeadLetterFlags } from "./dead-letters-command.ts";

/** addDeadLetters gives the program its commands for what groups have given up. */
export function addDeadLetters(program: Command): void {
  const command = program
    .command("dead-letters")
    .description("look at the events that groups have given up, and decide about them");

  const add = (name: string, about: string): Command =>
    command
      .command(name)
      .description(about)
      .option("--id <id>", "those of this event; may be repeated", collect, [])
      .option("--sequence <number>", "the one in this place; may be repeated", numbers, [])
      .option("--error <text>", "those whose error has this in it")
      .addOption(
        new Option("--cause <cause>", "those given up because of this").choices([
          "undecodable",
          "permanent",
          "attempts",
          "poison",
        ]),
      )
      .option("--json", "print one JSON document");

  add("list", "list the dead letters of a group, or of all")
    .argument("[group]")
    .option("--limit <count>", "how many at most", Number, 100)
    .action(async (group: string | undefined, flags: DeadLetterFlags) => {
      const { listDeadLetters } = await import("./dead-letters-command.ts");
      await runUntilDone(() => listDeadLetters(group, flags));
    });

  add("show", "show dead letters of a group with all that they have, the message decoded")
    .argument("<group>")
    .option("--all", "all of the group")
    .option("--limit <count>", "how many at most", Number, 10)
    .action(async (group: string, flags: DeadLetterFlags) => {
      const { showDeadLetters } = await import("./dead-letters-command.ts");
      await runUntilDone(() => showDeadLetters(group, flags));
    });

  add("replay", "hand dead letters to their group again, and to no other")
    .argument("<group>")
    .option("--all", "all of the group")
    .action(async (group: string, flags: DeadLetterFlags) => {
      const { replayDeadLetters } = await import("./dead-letters-command.ts");
      await runUntilDone(() => replayDeadLetters(group, flags));
    });

  add("discard", "remove dead letters for good")
    .argument("<group>")
    .option("--all", "all of the group")
    .action(async (group: string, flags: DeadLetterFlags) => {
      const { discardDeadLetters } = await import("./dead-letters-command.ts");
      await runUntilDone(() => discardDeadLetters(group, flags));
    });
}

function collect(value: string, values: readonly string[]): string[] {
  return [...values, value];
}

function numbers(value: string, values: readonly number[]): number[] {
  return [...values, Number(value)];
}
