import type { Command } from "commander";
import { runUntilDone } from "../run-until-done.ts";
import type { LogFlags } from "./operators-command.ts";

/** Adds the commands that show the decisions of operators. */
export function addOperators(program: Command): void {
  program
    .command("operators")
    .description("show the decisions of operators")
    .command("log")
    .description(
      "list who decided what, when and why, with the state before and after, newest first",
    )
    .argument("[subject]", "only what concerns this trip or consumer group")
    .option("--limit <count>", "the most entries to list", Number, 20)
    .option("--page <token>", "the next page, as an earlier page prints it")
    .option("--url <address>", "the address of the trips API (default: FANFARE_URL)")
    .option("--token <token>", "the caller's token (default: FANFARE_TOKEN, else a new one)")
    .option("--json", "print JSON")
    .action(async (subject: string | undefined, flags: LogFlags) => {
      const { printOperatorLog } = await import("./operators-command.ts");
      await runUntilDone(() => printOperatorLog(subject, flags));
    });
}
