import { readFileSync } from "node:fs";
import { openBooks, type TripEffects } from "@fanfare/test-fixtures";
import { type AppName, mapReactors } from "@fanfare/topology";
import { noEffects, oneEffect } from "./effects.ts";

/** What the databases of all apps contain about one trip. Amounts are in minor units. */
export interface Account {
  /** The status in the registry. */
  readonly status: string;
  /** The price of the drive without the unlock fee; 0 until the drive ends. */
  readonly fare: number;
  /** The number of vehicles that the trip holds. */
  readonly vehicles: number;
  /** The number of captures on its payment method. */
  readonly captures: number;
  /** The sum of the captures. */
  readonly captured: number;
  /** Charges minus refunds. */
  readonly balance: number;
  /** The sum that is authorised and neither captured nor released. */
  readonly authorised: number;
  readonly effects: TripEffects;
}

/** Returns the account of a trip that was charged once and has one effect in each group. */
export function settledAccount(fare: number): Account {
  const captured = 100 + fare;
  return {
    status: "SETTLED",
    fare,
    vehicles: 0,
    captures: 1,
    captured,
    balance: captured,
    authorised: 0,
    effects: oneEffect,
  };
}

/** Returns whether every group has an effect of a trip, and its vehicle is released, which is beside that. */
export function hasEnded({ effects, vehicles }: Account): boolean {
  return vehicles === 0 && Object.values(effects).every((count) => count > 0);
}

/** The account of a trip that is fully compensated. */
export const compensatedAccount: Account = {
  status: "CANCELLED",
  fare: 0,
  vehicles: 0,
  captures: 0,
  captured: 0,
  balance: 0,
  authorised: 0,
  effects: noEffects,
};

/** Reads the databases of all apps directly, not through their services. */
export interface AccountReader extends AsyncDisposable {
  /** Returns the accounts of trips, in the order of the ids. */
  readAccounts(tripIds: readonly string[]): Promise<Account[]>;
  /** Adds available vehicles to the fleet, and returns their ids. */
  addVehicles(count: number): Promise<string[]>;
}

/** What names the files with the URLs of the databases. */
export interface DatabaseFiles {
  readonly system: {
    app(name: AppName): { readonly env: Readonly<Record<string, string | undefined>> };
  };
}

/** Connects to each database with the role of its app. */
export function openAccountReader({ system }: DatabaseFiles): AccountReader {
  const url = (name: AppName) =>
    readFileSync(system.app(name).env["DATABASE_URL_FILE"] ?? "", "utf8");
  const books = openBooks({
    trips: url("trips"),
    fleet: url("fleet"),
    billing: url("billing"),
    reactors: mapReactors(({ name }) => url(name)),
  });

  return {
    async readAccounts(tripIds) {
      const [accounts, effects] = await Promise.all([
        books.readAccounts(tripIds),
        books.readEffects(tripIds),
      ]);
      return accounts.map(
        ({ status, fare, vehicles, captures, captured, balance, authorised }, index) => ({
          status,
          fare: fare ?? 0,
          vehicles: vehicles.length,
          captures,
          captured,
          balance,
          authorised,
          effects: effects[index] ?? compensatedAccount.effects,
        }),
      );
    },
    addVehicles: (count) => books.addVehicles(count),
    [Symbol.asyncDispose]: () => books[Symbol.asyncDispose](),
  };
}
