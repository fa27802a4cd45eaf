import { Argument, Command, Option } from "commander";
import { addDeadLetters } from "./dead-letters/add-dead-letters.ts";
import { addOperators } from "./operators/add-operators.ts";
import { addRiders } from "./riders/add-riders.ts";
import { runUntilDone } from "./run-until-done.ts";
import type { TokenOptions } from "./stack/mint-development-token.ts";
import { addTariffs } from "./tariffs/add-tariffs.ts";
import { addTripCommands } from "./trip/add-trip-commands.ts";

interface DemoFlags {
  readonly running?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly tls?: boolean;
}

interface UpFlags {
  readonly port: string[];
  readonly reset?: boolean;
  readonly verbose?: boolean;
  readonly tls?: boolean;
}

interface ProvisionFlags {
  readonly printPermissions?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly replicas?: number;
  readonly connections?: number;
}

interface SecretsFlags {
  readonly postgres?: string;
  readonly otherPostgres: string[];
  readonly natsRoutes?: string;
  readonly temporal?: string;
  readonly temporalNamespace?: string;
  readonly rotate?: string;
  readonly json?: boolean;
}

// Each command imports its modules when it runs, so that it does not load the libraries of the others.

const program = new Command("fanfare").description("Runs Fanfare and takes trips through it.");

program
  .command("demo")
  .description(
    "take four trips through a temporary stack: completed, declined, cancelled, and an outage",
  )
  .option("--running", "use the running stack")
  .option("--tls", "encrypt every connection, with a throw-away authority")
  .option("--json", "print one JSON document")
  .option("--verbose", "show the logs of all processes")
  .action(async (options: DemoFlags) => {
    const { demoCommand } = await import("./demo/demo-command.ts");
    await runUntilDone((signal) => demoCommand(options, signal));
  });

program
  .command("up")
  .description("run a stack on the default ports, and keep its data in this checkout")
  .option("--port <name=port>", "change a default port; repeatable", collect, [])
  .option("--reset", "remove the kept data first")
  .option("--tls", "encrypt every connection, with a throw-away authority")
  .option("--verbose", "show the logs of all processes")
  .action(async (options: UpFlags) => {
    const { up } = await import("./stack/up.ts");
    await runUntilDone((signal) => up(options, signal));
  });

program
  .command("provision")
  .description(
    "create missing databases with their roles, streams, consumer groups, namespace and search attributes",
  )
  .addArgument(
    new Argument(
      "[action]",
      "apply: create what is missing; plan: print the changes on NATS; check: fail if there are any",
    )
      .choices(["apply", "plan", "check"])
      .default("apply"),
  )
  .option("--print-permissions", "print the users of NATS with the least permissions")
  .option("--json", "print one JSON document")
  .option("--quiet", "print nothing")
  .option("--replicas <count>", "the number of servers of a cluster that store each event", Number)
  .option("--connections <count>", "the connections that an app may have to its database", Number)
  .action(async (action: string, options: ProvisionFlags) => {
    const plans = await import("./nats/plan-command.ts");
    if (options.printPermissions === true) return plans.printPermissions();
    if (action !== "apply") {
      return await runUntilDone(() => plans.planCommand({ ...options, check: action === "check" }));
    }
    const { provisionCommand } = await import("./provision/provision-command.ts");
    await runUntilDone(() => provisionCommand(options));
  });

program
  .command("groups")
  .description("show the state of the consumer groups")
  .option("--json", "print one JSON document")
  .action(async (options: { json?: boolean }) => {
    const { groupsCommand } = await import("./nats/groups-command.ts");
    await runUntilDone(() => groupsCommand(options));
  });

addDeadLetters(program);
addOperators(program);
addTariffs(program);
addRiders(program);

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
  .description("show the waiting and the rejected events of an outbox")
  .option("--json", "print one JSON document")
  .action(async (options: { json?: boolean }) => {
    const { outboxCommand } = await import("./outbox-command.ts");
    await runUntilDone(() => outboxCommand(options));
  });

program
  .command("secrets")
  .description(
    "create the missing passwords, keys, certificates and tokens of a deployment, or rotate one part",
  )
  .argument(
    "[folder]",
    "the folder to write to, with a folder for each part of the deployment (default: that of npm start)",
  )
  .option(
    "--postgres <url>",
    "the administrator's URL of PostgreSQL; a missing password is created (default: POSTGRES_ADMIN_URL, which no other user sees)",
  )
  .option("--other-postgres <url>", "the same of another server; repeatable", collect, [])
  .option(
    "--nats-routes <addresses>",
    "the servers of a NATS cluster, such as nats-1:6222,nats-2:6222",
  )
  .option(
    "--temporal <hosts>",
    "the host names of a Temporal server that demands certificates and tokens, joined by commas",
  )
  .option("--temporal-namespace <name>", "the namespace of the tokens (default: default)")
  .addOption(
    new Option("--rotate <part>", "replace the secrets of a part while everything runs").choices([
      "nats",
      "postgres",
      "administrator",
      "tokens",
      "keys",
      "codec",
      "temporal",
    ]),
  )
  .option("--json", "print one JSON document")
  .action(async (folder: string | undefined, options: SecretsFlags) => {
    if (options.rotate === "nats") {
      const { rotateNatsCommand } = await import("./secrets/rotate-command.ts");
      await runUntilDone(() => rotateNatsCommand(folder));
    } else {
      const { secretsCommand } = await import("./secrets/secrets-command.ts");
      await runUntilDone((signal) => secretsCommand(folder, options, signal));
    }
  });

program
  .command("backup")
  .description("save the databases, streams and workflows of the running stack while it runs")
  .argument("<folder>", "the folder to create")
  .option("--json", "print one JSON document")
  .action(async (folder: string, options: { json?: boolean }) => {
    const { backupCommand } = await import("./backup/backup-command.ts");
    await runUntilDone(() => backupCommand(folder, options));
  });

program
  .command("restore")
  .description("restore a backup as the data of the stack, which must not run")
  .argument("<folder>", "the folder that fanfare backup wrote")
  .option("--replace", "remove the data that the stack has")
  .option("--without-temporal", "leave out the workflows: those of open trips start again")
  .option("--json", "print one JSON document")
  .action(
    async (
      folder: string,
      options: { replace?: boolean; withoutTemporal?: boolean; json?: boolean },
    ) => {
      const { restoreCommand } = await import("./backup/restore-command.ts");
      await runUntilDone((signal) => restoreCommand(folder, options, signal));
    },
  );

program
  .command("codec-server")
  .description("decrypt the payloads of Temporal for its page and command line, for operators")
  .action(async () => {
    const { codecServerCommand } = await import("./codec-server/codec-server-command.ts");
    await runUntilDone((signal) => codecServerCommand(signal));
  });

program
  .command("prepare")
  .description("find, download or build the programs of the servers")
  .option("--tests", "also the tools that tests use")
  .action(async ({ tests = false }: { tests?: boolean }) => {
    const prepare = await import("./stack/prepare.ts");
    await runUntilDone(async (signal) => {
      await prepare.prepareServers(prepare.reportProgress, { signal });
      if (tests) await prepare.prepareTestTools(prepare.reportProgress, { signal });
    });
  });

program
  .command("env")
  .description("print the variables of an app of the running stack, to start another process of it")
  .argument("<app>", "the app, such as revenue")
  .action(async (app: string) => {
    const { formatEnvironment } = await import("./stack/format-environment.ts");
    await runUntilDone(async () => {
      process.stdout.write(await formatEnvironment(app));
    });
  });

program
  .command("token")
  .description("print a development token")
  .addOption(
    new Option("--role <role>", "the role of the caller")
      .choices(["rider", "operator", "service"])
      .default("rider"),
  )
  .option("--subject <name>", "the rider's id, or the name of the operator or service", "alice")
  .option("--expires-in <time>", "how long the token is valid", "1h")
  .option("--audience <service>", "the service that the token of a service is for, such as fleet")
  .action(async (options: TokenOptions) => {
    const { mintDevelopmentToken } = await import("./stack/mint-development-token.ts");
    await runUntilDone(async () => {
      process.stdout.write(`${await mintDevelopmentToken(options)}\n`);
    });
  });

addTripCommands(program);

await program.parseAsync();

function collect(value: string, values: readonly string[]): string[] {
  return [...values, value];
}
