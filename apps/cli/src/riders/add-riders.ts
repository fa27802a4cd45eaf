import type { Command } from "commander";
import { runUntilDone } from "../run-until-done.ts";
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
