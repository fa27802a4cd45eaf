import { Argument, Command, Option } from "commander";
import { addDeadLetters } from "./dead-letters/add-dead-letters.ts";
import { runUntilDone } from "./run-until-done.ts";
import { createTerminal } from "./terminal.ts";
import type { TripContext, TripOptions } from "./trip.ts";

interface ProvisionFlags {
  readonly printPermissions?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly replicas?: number;
}

// Each command imports what it needs when it runs, so that none waits for the others' libraries.

const program = new Command("fanfare").description("Run Fanfare, and take trips through it.");

program
  .command("demo")
  .description("take three trips through a stack of its own: completed, declined, cancelled")
  .option("--running", "take them through the stack that is running")
  .option("--json", "print one JSON document")
  .option("--verbose", "show the logs of all processes that the stack of its own is")
  .action(async (options: { running?: boolean; json?: boolean; verbose?: boolean }) => {
    const { demoCommand } = await import("./demo/demo-command.ts");
    await runUntilDone((signal) => demoCommand(options, signal));
  });

program
  .command("up")
  .description("keep a stack running on the usual ports, with its data in this checkout")
  .option("--port <name=port>", "another port than the usual one; may be repeated", collect, [])
  .option("--verbose", "show the logs of all processes")
  .action(async (options: { port: string[]; verbose?: boolean }) => {
    const { up } = await import("./up.ts");
    await runUntilDone((signal) => up(options, signal));
  });

program
  .command("provision")
  .description(
    "make databases with their roles, streams, namespace and search attributes where they are missing",
  )
  .addArgument(
    new Argument("[action]", "make it all; or say what NATS lacks, or fail when it lacks anything")
      .choices(["apply", "plan", "check"])
      .default("apply"),
  )
  .option("--print-permissions", "print the users of NATS, each with the least it needs")
  .option("--json", "print one JSON document")
  .option("--quiet", "print nothing")
  .option("--replicas <count>", "on how many servers of a cluster each event is stored", Number)
  .action(async (action: string, options: ProvisionFlags) => {
    const plans = await import("./plan-command.ts");
    if (options.printPermissions === true) return plans.printPermissions();
    if (action !== "apply") {
      return await runUntilDone(() => plans.planCommand({ ...options, check: action === "check" }));
    }
    const { provisionCommand } = await import("./provision-command.ts");
    await runUntilDone(() => provisionCommand(options));
  });

program
  .command("groups")
  .description("show how the consumer groups fare")
  .option("--json", "print one JSON document")
  .action(async (options: { json?: boolean }) => {
    const { groupsCommand } = await import("./groups-command.ts");
    await runUntilDone(() => groupsCommand(options));
  });

addDeadLetters(program);

program
  .command("pack")
  .description("build the published packages and write their tarballs")
  .option("--to <folder>", "the folder to write to (default: dist/tarballs)")
  .action(async (options: { to?: string }) => {
    const { packCommand } = await import("./pack-command.ts");
    await runUntilDone(() => packCommand(options));
  });

program
  .command("outbox")
  .description("show what waits in a database's outbox, and what was rejected")
  .option("--json", "print one JSON document")
  .action(async (options: { json?: boolean }) => {
    const { outboxCommand } = await import("./outbox-command.ts");
    await runUntilDone(() => outboxCommand(options));
  });

program
  .command("secrets")
  .description("make the passwords, keys and tokens of a deployment where they are missing")
  .argument("<folder>", "where to, in a folder for each part of the deployment")
  .requiredOption("--postgres <address>", "of the databases, without the password")
  .option("--other-postgres <address>", "of another server; may be repeated", collect, [])
  .action(async (folder: string, options: { postgres: string; otherPostgres: string[] }) => {
    const { writeSecrets } = await import("./write-secrets.ts");
    const { postgres: postgresUrl, otherPostgres: otherUrls } = options;
    await runUntilDone(() => writeSecrets(folder, { postgresUrl, otherUrls }));
  });

program
  .command("prepare")
  .description("find, download or build the programs of the servers")
  .option("--tests", "also the tools that tests use")
  .action(async ({ tests = false }: { tests?: boolean }) => {
    const prepare = await import("./prepare.ts");
    await runUntilDone(async (signal) => {
      await prepare.prepareServers(prepare.reportProgress, { signal });
      if (tests) await prepare.prepareTestTools(prepare.reportProgress, { signal });
    });
  });

program
  .command("env")
  .description("print the variables of a process of the running stack, to start another beside it")
  .argument("<app>", "such as revenue")
  .action(async (app: string) => {
    const { formatEnvironment } = await import("./format-environment.ts");
    await runUntilDone(async () => {
      process.stdout.write(await formatEnvironment(app));
    });
  });

program
  .command("token")
  .description("print a development token")
  .addOption(
    new Option("--role <role>", "who calls")
      .choices(["rider", "operator", "service"])
      .default("rider"),
  )
  .option("--subject <name>", "the rider's id, or the operator's or service's name", "alice")
  .option("--expires-in <time>", "how long it is good for", "1h")
  .action(async (options: { role: string; subject: string; expiresIn: string }) => {
    const { mintDevelopmentToken } = await import("./mint-development-token.ts");
    await runUntilDone(async () => {
      process.stdout.write(`${await mintDevelopmentToken(options)}\n`);
    });
  });

const trip = program.command("trip").description("take trips on a running stack");

function tripCommand(name: string, about: string): Command {
  return trip
    .command(name)
    .description(about)
    .option("--url <address>", "where the trips API is (FANFARE_URL)")
    .option("--token <token>", "who calls (FANFARE_TOKEN); a development token without it")
    .option("--rider <id>", "the rider of the development token", "alice")
    .option("--operator", "call as an operator")
    .option("--json", "print JSON");
}

async function onTrips(
  options: TripOptions,
  command: (context: TripContext, trips: typeof import("./trip.ts")) => Promise<void>,
): Promise<void> {
  const trips = await import("./trip.ts");
  await runUntilDone(() =>
    trips.withTrips(options, createTerminal(), (context) => command(context, trips)),
  );
}

tripCommand("start", "start a trip")
  .option("--vehicle <id>", "which vehicle", "vehicle-1")
  .option("--payment <method>", "a payment method of the sandbox", "pm_card_visa")
  .option("--id <uuid>", "the trip's id; a new one without it")
  .action(async (options: TripOptions & { vehicle: string; payment: string; id?: string }) => {
    await onTrips(options, (context, trips) => trips.startTrip(context, options));
  });

tripCommand("end", "end the drive")
  .argument("<trip id>")
  .action(async (id: string, options: TripOptions) => {
    await onTrips(options, (context, trips) => trips.endTrip(context, id));
  });

tripCommand("cancel", "cancel a trip that has not ended")
  .argument("<trip id>")
  .option("--reason <text>", "why", "")
  .action(async (id: string, options: TripOptions & { reason: string }) => {
    await onTrips(options, (context, trips) => trips.cancelTrip(context, id, options.reason));
  });

tripCommand("get", "show a trip and its steps")
  .argument("<trip id>")
  .action(async (id: string, options: TripOptions) => {
    await onTrips(options, (context, trips) => trips.getTrip(context, id));
  });

tripCommand("list", "list trips, newest first")
  .option("--limit <count>", "how many", Number, 20)
  .option("--page <token>", "the page that an earlier one names")
  .option("--status <status>", "only trips with this status, such as ACTIVE")
  .action(async (options: TripOptions & { limit: number; page?: string; status?: string }) => {
    await onTrips(options, (context, trips) => trips.listTrips(context, options));
  });

tripCommand("watch", "follow a trip until it is over")
  .argument("<trip id>")
  .action(async (id: string, options: TripOptions) => {
    await onTrips(options, (context, trips) => trips.watchTrip(context, id));
  });

tripCommand("stuck", "list the trips that wait for an operator, as one")
  .option("--limit <count>", "how many", Number, 20)
  .action(async (options: TripOptions & { limit: number }) => {
    const [{ listParkedTrips }, { findParkedTrips, findTemporal }] = await Promise.all([
      import("./parked-trips.ts"),
      import("./find-parked-trips.ts"),
    ]);
    await onTrips({ ...options, operator: true }, async (context) => {
      await listParkedTrips(context, await findParkedTrips(await findTemporal(), options.limit));
    });
  });

tripCommand("retry", "take up again what a trip waits with, as an operator")
  .argument("<trip id>")
  .option("--step <name>", "only this step")
  .action(async (tripId: string, options: TripOptions & { step?: string }) => {
    const { retryTrip } = await import("./parked-trips.ts");
    const request = { tripId, ...pickStep(options) };
    await onTrips({ ...options, operator: true }, (context) => retryTrip(context, request));
  });

tripCommand("resolve", "go on without what a trip waits with, as an operator who dealt with it")
  .argument("<trip id>")
  .requiredOption("--note <text>", "what was done by hand")
  .option("--step <name>", "only this step")
  .action(async (tripId: string, options: TripOptions & { note: string; step?: string }) => {
    const { resolveTrip } = await import("./parked-trips.ts");
    const request = { tripId, note: options.note, ...pickStep(options) };
    await onTrips({ ...options, operator: true }, (context) => resolveTrip(context, request));
  });

await program.parseAsync();

function pickStep({ step }: { step?: string }): { step?: string } {
  return step === undefined ? {} : { step };
}

function collect(value: string, values: readonly string[]): string[] {
  return [...values, value];
}
