import { type Command, Option } from "commander";
import { runUntilDone } from "../run-until-done.ts";
import type { DeadLetterFlags } from "./dead-letters-command.ts";

/** Adds the commands that list, show, replay and discard dead letters. */
export function addDeadLetters(program: Command): void {
  const command = program
    .command("dead-letters")
    .description("list, show, replay and discard dead letters");

  const add = (name: string, about: string): Command =>
    command
      .command(name)
      .description(about)
      .option("--id <id>", "only the event with this id; repeatable", collect, [])
      .option("--sequence <number>", "only this dead letter; repeatable", collectNumbers, [])
      .option("--error <text>", "only those whose error contains this text")
      .addOption(
        new Option("--cause <cause>", "only those with this cause").choices([
          "undecodable",
          "permanent",
          "attempts",
          "poison",
        ]),
      )
      .option("--json", "print one JSON document");

  const addDecision = (name: string, about: string): Command =>
    add(name, about)
      .option("--reason <text>", "why, for the operator log")
      .option("--unlogged", "do not append the decision to the operator log")
      .option("--url <address>", "the address of the trips API (default: FANFARE_URL)")
      .option("--token <token>", "the caller's token (default: FANFARE_TOKEN, else a new one)");

  add("list", "list the dead letters of a group, or of all groups")
    .argument("[group]")
    .option("--limit <count>", "the most dead letters to list", Number, 100)
    .action(async (group: string | undefined, flags: DeadLetterFlags) => {
      const { listDeadLetters } = await import("./dead-letters-command.ts");
      await runUntilDone(() => listDeadLetters(group, flags));
    });

  add("show", "show dead letters of a group with headers and the decoded message")
    .argument("<group>")
    .option("--all", "all dead letters of the group")
    .option("--limit <count>", "the most dead letters to show", Number, 10)
    .action(async (group: string, flags: DeadLetterFlags) => {
      const { showDeadLetters } = await import("./dead-letters-command.ts");
      await runUntilDone(() => showDeadLetters(group, flags));
    });

  addDecision("replay", "deliver dead letters to their group again, and to no other group")
    .argument("<group>")
    .option("--all", "all dead letters of the group")
    .action(async (group: string, flags: DeadLetterFlags) => {
      const { replayDeadLetters } = await import("./dead-letters-command.ts");
      await runUntilDone(() => replayDeadLetters(group, flags));
    });

  addDecision("discard", "remove dead letters permanently")
    .argument("<group>")
    .option("--all", "all dead letters of the group")
    .action(async (group: string, flags: DeadLetterFlags) => {
      const { discardDeadLetters } = await import("./dead-letters-command.ts");
      await runUntilDone(() => discardDeadLetters(group, flags));
    });
}

function collect(value: string, values: readonly string[]): string[] {
  return [...values, value];
}

function collectNumbers(value: string, values: readonly number[]): number[] {
  return [...values, Number(value)];
}
