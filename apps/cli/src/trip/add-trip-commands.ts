import type { Command } from "commander";
import { runUntilDone } from "../run-until-done.ts";
import { createTerminal } from "../terminal.ts";
import type { RefundFlags } from "./refunds.ts";
import type { OperatorContext, RiderContext, TripContext, TripOptions } from "./trip-context.ts";

/** Adds the commands that call the trips API of a running stack. */
export function addTripCommands(program: Command): void {
  const trip = program.command("trip").description("start, show and end trips on a running stack");

  const add = (name: string, about: string): Command =>
    trip
      .command(name)
      .description(about)
      .option("--url <address>", "the address of the trips API (default: FANFARE_URL)")
      .option("--token <token>", "the caller's token (default: FANFARE_TOKEN, else a new one)")
      .option("--rider <id>", "the rider of the development token", "alice")
      .option("--operator", "call the API of operators")
      .option("--json", "print JSON");

  add("start", "start a trip")
    .option("--vehicle <id>", "the vehicle", "vehicle-1")
    .option(
      "--payment <method>",
      "the id of a payment method, or one of the sandbox, which is added",
      "pm_card_visa",
    )
    .option("--id <uuid>", "the id of the trip (default: a new one)")
    .action(async (options: TripOptions & { vehicle: string; payment: string; id?: string }) => {
      const { findPaymentMethod, startTrip } = await import("./trip.ts");
      await callAsRider(options, async (context) => {
        const payment = await findPaymentMethod(options.payment, options);
        await startTrip(context, { ...options, payment });
      });
    });

  add("end", "end the drive")
    .argument("<trip id>")
    .option("--reason <text>", "why an operator ends it", "")
    .action(async (id: string, options: TripOptions & { reason: string }) => {
      const { endTrip } = await import("./trip.ts");
      await callTrips(options, (context) => endTrip(context, id, options.reason));
    });

  add("cancel", "cancel a trip within its grace")
    .argument("<trip id>")
    .option("--reason <text>", "the reason", "")
    .action(async (id: string, options: TripOptions & { reason: string }) => {
      const { cancelTrip } = await import("./trip.ts");
      await callTrips(options, (context) => cancelTrip(context, id, options.reason));
    });

  add("get", "show a trip (with --operator also its steps)")
    .argument("<trip id>")
    .action(async (id: string, options: TripOptions) => {
      const { getTrip } = await import("./trip.ts");
      await callTrips(options, (context) => getTrip(context, id));
    });

  add("list", "list trips, newest first")
    .option("--limit <count>", "the most trips to list", Number, 20)
    .option("--page <token>", "the next page, as an earlier page prints it")
    .option("--status <status>", "only trips with this status, such as ACTIVE")
    .action(async (options: TripOptions & { limit: number; page?: string; status?: string }) => {
      const { listTrips } = await import("./trip.ts");
      await callTrips(options, (context) => listTrips(context, options));
    });

  add(
    "watch",
    "show each change of a trip until it is over, also across restarts and expired tokens",
  )
    .argument("<trip id>")
    .action(async (id: string, options: TripOptions) => {
      const { printChanges } = await import("./trip.ts");
      await callTrips(options, (context) => printChanges(context, id));
    });

  add("parked", "list the trips that wait for an operator (as an operator)")
    .option("--limit <count>", "the most trips to list", Number, 20)
    .action(async (options: TripOptions & { limit: number }) => {
      const [{ listParkedTrips }, { findParkedTrips, findTemporal }] = await Promise.all([
        import("./parked-trips.ts"),
        import("./find-parked-trips.ts"),
      ]);
      await callAsOperator(options, async (context) => {
        await listParkedTrips(context, await findParkedTrips(await findTemporal(), options.limit));
      });
    });

  add("retry", "retry the parked steps of a trip (as an operator)")
    .argument("<trip id>")
    .option("--step <name>", "only this step")
    .action(async (tripId: string, options: TripOptions & { step?: string }) => {
      const { retryTrip } = await import("./parked-trips.ts");
      const request = { tripId, ...pickStep(options) };
      await callAsOperator(options, (context) => retryTrip(context, request));
    });

  add(
    "resolve",
    "skip the parked steps of a trip, after dealing with them by hand (as an operator)",
  )
    .argument("<trip id>")
    .requiredOption("--note <text>", "what was done by hand")
    .option("--step <name>", "only this step")
    .action(async (tripId: string, options: TripOptions & { note: string; step?: string }) => {
      const { resolveTrip } = await import("./parked-trips.ts");
      const request = { tripId, note: options.note, ...pickStep(options) };
      await callAsOperator(options, (context) => resolveTrip(context, request));
    });

  add("refund", "refund a settled trip, in whole or in part (as an operator)")
    .argument("<trip id>")
    .requiredOption("--reason <text>", "why")
    .option("--amount <amount>", "how much, such as 1.50 (default: everything that is left)")
    .option("--key <key>", "the key under which it is refunded once (default: a new one)")
    .action(async (tripId: string, options: TripOptions & RefundFlags) => {
      const { refundTrip } = await import("./refunds.ts");
      await callAsOperator(options, (context) => refundTrip(context, tripId, options));
    });

  add("refunds", "list the refunds of a trip and their states (as an operator)")
    .argument("<trip id>")
    .action(async (tripId: string, options: TripOptions) => {
      const { listRefunds } = await import("./refunds.ts");
      await callAsOperator(options, (context) => listRefunds(context, tripId));
    });
}

async function callTrips(
  options: TripOptions,
  command: (context: TripContext) => Promise<void>,
): Promise<void> {
  if (options.operator) await callAsOperator(options, command);
  else await callAsRider(options, command);
}

async function callAsRider(
  options: TripOptions,
  command: (context: RiderContext) => Promise<void>,
): Promise<void> {
  const { withTrips } = await import("./trip-context.ts");
  await runUntilDone(() => withTrips(options, createTerminal(), command));
}

async function callAsOperator(
  options: TripOptions,
  command: (context: OperatorContext) => Promise<void>,
): Promise<void> {
  const { withOperations } = await import("./trip-context.ts");
  await runUntilDone(() => withOperations(options, createTerminal(), command));
}

function pickStep({ step }: { step?: string }): { step?: string } {
  return step === undefined ? {} : { step };
}
