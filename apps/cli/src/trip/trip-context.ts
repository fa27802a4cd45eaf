import type { Terminal } from "../terminal.ts";
import { type CallerOptions, findAddress } from "./find-address.ts";
import {
  connectToOperations,
  connectToTrips,
  type OperationsClient,
  type TripsClient,
} from "./trips-client.ts";

/** The options that all trip commands share. */
export interface TripOptions extends CallerOptions {
  readonly json?: boolean;
}

/** Where a trip command prints. */
interface Output {
  readonly terminal: Terminal;
  readonly json: boolean;
}

/** What a trip command of a rider works with. */
export interface RiderContext extends Output {
  readonly role: "rider";
  readonly client: TripsClient;
}

/** What a trip command of an operator works with. */
export interface OperatorContext extends Output {
  readonly role: "operator";
  readonly client: OperationsClient;
}

/** What a trip command works with that riders and operators have. */
export type TripContext = RiderContext | OperatorContext;

/** Runs a command with a client of the API of riders. */
export async function withTrips(
  options: TripOptions,
  terminal: Terminal,
  command: (context: RiderContext) => Promise<void>,
): Promise<void> {
  using trips = connectToTrips(await findAddress({ ...options, operator: false }));
  const { client } = trips;
  await command({ role: "rider", client, terminal, json: options.json ?? false });
}

/** Runs a command with a client of the API of operators. */
export async function withOperations(
  options: TripOptions,
  terminal: Terminal,
  command: (context: OperatorContext) => Promise<void>,
): Promise<void> {
  using operations = connectToOperations(await findAddress({ ...options, operator: true }));
  const { client } = operations;
  await command({ role: "operator", client, terminal, json: options.json ?? false });
}
