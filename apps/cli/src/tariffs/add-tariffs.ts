import type { Command } from "commander";
import { runUntilDone } from "../run-until-done.ts";
import type { ListTariffsFlags, SetTariffFlags } from "./tariffs-command.ts";

/** Adds the commands that show the tariffs and put one in force. */
export function addTariffs(program: Command): void {
  const tariffs = program.command("tariffs").description("show the tariffs, or put one in force");

  const add = (name: string, about: string): Command =>
    tariffs
      .command(name)
      .description(about)
      .option("--url <address>", "the address of the trips API (default: FANFARE_URL)")
      .option("--token <token>", "the caller's token (default: FANFARE_TOKEN, else a new one)")
      .option("--json", "print JSON");

  add("list", "list the tariffs, newest first")
    .option("--limit <count>", "the most tariffs to list", Number, 20)
    .option("--page <token>", "the next page, as an earlier page prints it")
    .action(async (flags: ListTariffsFlags) => {
      const { printTariffs } = await import("./tariffs-command.ts");
      await runUntilDone(() => printTariffs(flags));
    });

  add("set", "put a tariff in force for new trips, and add it when it has terms")
    .argument("<id>", "the id of the tariff, such as summer-2027")
    .option("--currency <code>", "an ISO 4217 code, such as EUR")
    .option("--unlock-fee <amount>", "charged once for each trip, such as 1.00")
    .option("--price <amount>", "charged for each started increment, such as 0.30")
    .option("--increment <duration>", "such as 60s")
    .option("--maximum-drive <duration>", "the longest drive, such as 8h")
    .option("--grace <duration>", "how long a trip may be cancelled after its start, such as 2m")
    .option("--reason <text>", "why, for the operator log")
    .action(async (id: string, flags: SetTariffFlags) => {
      const { putInForce } = await import("./tariffs-command.ts");
      await runUntilDone(() => putInForce(id, flags));
    });
}
