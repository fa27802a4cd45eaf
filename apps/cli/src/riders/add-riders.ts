import { type Command, InvalidArgumentError } from "commander";
import { runUntilDone } from "../run-until-done.ts";
import type { EraseFlags } from "./erase-command.ts";
import type { RidersFlags, UpdateFlags } from "./riders-command.ts";

/** Adds the commands that show and change riders and their payment methods. */
export function addRiders(program: Command): void {
  const riders = program.command("riders").description("show and change riders");
  const methods = riders.command("methods").description("the payment methods of a rider");

  add(riders, "show", "show the rider's profile, or that of another rider as an operator")
    .argument("[id]", "the id of the other rider")
    .action(async (id: string | undefined, flags: RidersFlags) => {
      const { showRider } = await import("./riders-command.ts");
      await runUntilDone(() => showRider(id, flags));
    });

  add(riders, "update", "change the rider's profile")
    .option("--name <text>", "the name that is shown")
    .option("--email <address>")
    .option("--locale <tag>", "a BCP 47 tag, such as de-AT")
    .option("--time-zone <name>", "a name of the IANA database, such as Europe/Vienna")
    .option("--consents <names>", "all consents, joined by commas: marketing, analytics, or none")
    .action(async (flags: UpdateFlags) => {
      const { updateRider } = await import("./riders-command.ts");
      await runUntilDone(() => updateRider(flags));
    });

  add(
    riders,
    "erase",
    "erase a rider from all apps, as an operator, and search all places for what is left",
  )
    .argument("<id>", "the id of the rider")
    .requiredOption("--reason <text>", "why; it is kept for good, so name no person")
    .option("--wait <seconds>", "how long to wait for the apps", parseSeconds, 60)
    .option("--logs <folder>", "the logs to search (default: those of the running stack)")
    .option("--temporal-database <file>", "the database to search (default: that of the stack)")
    .action(async (id: string, flags: EraseFlags) => {
      const { eraseRider } = await import("./erase-command.ts");
      await runUntilDone(() => eraseRider(id, flags));
    });

  add(riders, "export", "print all data of the rider as one JSON document")
    .argument("[id]", "the id of another rider, as an operator")
    .action(async (id: string | undefined, flags: RidersFlags) => {
      const { exportRider } = await import("./export-command.ts");
      await runUntilDone(() => exportRider(id, flags));
    });

  add(methods, "list", "list the rider's payment methods").action(async (flags: RidersFlags) => {
    const { listMethods } = await import("./riders-command.ts");
    await runUntilDone(() => listMethods(flags));
  });

  add(methods, "add", "add a payment method of the sandbox")
    .argument("<token>", "the gateway's token, such as pm_card_visa")
    .action(async (token: string, flags: RidersFlags) => {
      const { addMethod } = await import("./riders-command.ts");
      await runUntilDone(() => addMethod(token, flags));
    });

  add(methods, "remove", "remove a payment method")
    .argument("<id>", "its id, as list prints it")
    .action(async (id: string, flags: RidersFlags) => {
      const { removeMethod } = await import("./riders-command.ts");
      await runUntilDone(() => removeMethod(id, flags));
    });
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds >= 0 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError("expected seconds from 0 to 3600, such as 60");
}

/** Adds a command about a rider, with the options that all of them share. */
function add(parent: Command, name: string, about: string): Command {
  return parent
    .command(name)
    .description(about)
    .option("--url <address>", "the address of the riders API (default: RIDERS_URL)")
    .option("--token <token>", "the caller's token (default: FANFARE_TOKEN, else a new one)")
    .option("--rider <id>", "the rider of the development token", "alice")
    .option("--json", "print JSON");
}
