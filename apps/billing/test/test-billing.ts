import { type Client, createClient } from "@connectrpc/connect";
import { createTestTransport } from "@fanfare/access/testing";
import { Account, BillingService } from "@fanfare/contracts/billing/v1/billing";
import type { Caller } from "@fanfare/service";
import { openTestDatabase, withIdempotencyKey } from "@fanfare/test-fixtures";
import { type Kysely, sql } from "kysely";
import type { PaymentGateway } from "../src/gateway.ts";
import { migrations } from "../src/migrations.ts";
import type { PaymentMethods } from "../src/payment-methods.ts";
import { createRoutes } from "../src/routes.ts";
import { createSandboxGateway } from "../src/sandbox-gateway.ts";
import type { BillingTables } from "../src/tables.ts";

/** The service over a PostgreSQL of its own, called in memory. */
export interface TestBilling extends AsyncDisposable {
  readonly db: Kysely<BillingTables>;
  readonly gateway: PaymentGateway;
  /** Returns a client of a caller. Default for `gateway`: the sandbox; for `methods`: {@link sandboxMethods}. */
  as(
    caller: Caller,
    gateway?: PaymentGateway,
    methods?: PaymentMethods,
  ): Client<typeof BillingService>;
  /** Creates a trip with an open tab. */
  openTrip(paymentMethod?: string): Promise<TestTrip>;
  /** Returns the balance of the trip's tab in minor units, as GetTab reports it. */
  readBalance(tripId: string): Promise<bigint | undefined>;
}

/** A caller of each role. Only the worker may write. */
export const worker: Caller = { role: "service", subject: "worker" };
export const operator: Caller = { role: "operator", subject: "olga" };
export const rider: Caller = { role: "rider", subject: "rider-1" };

/** Payment methods whose ids are the gateway's tokens, and which every rider has. */
const sandboxMethods: PaymentMethods = { findToken: async (_riderId, id) => id };

/** Starts PostgreSQL and creates the tables and the service. */
export async function startTestBilling(): Promise<TestBilling> {
  const database = await openTestDatabase<BillingTables>({ name: "billing", migrations });
  const { db } = database;
  const sandbox = createSandboxGateway(db);
  const create = (caller: Caller, gateway: PaymentGateway, paymentMethods: PaymentMethods) =>
    createClient(
      BillingService,
      createTestTransport(createRoutes({ db, gateway, paymentMethods }), caller),
    );
  // No service needs to read: the tests of the worker read as an operator.
  function as(
    caller: Caller,
    gateway = sandbox,
    methods = sandboxMethods,
  ): Client<typeof BillingService> {
    const client = create(caller, gateway, methods);
    if (caller.role !== "service") return client;
    const { getTab, getLedger, checkLedger } = create(operator, gateway, methods);
    return { ...client, getTab, getLedger, checkLedger };
  }
  const billing = as(worker);
  return {
    db,
    gateway: sandbox,
    as,
    async openTrip(paymentMethod) {
      const trip = newTrip(paymentMethod);
      await billing.openTab(trip.open, trip.openKey);
      return trip;
    },
    async readBalance(tripId) {
      const { tab } = await billing.getTab({ tripId });
      return tab?.balance?.minorUnits;
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** Returns an amount of euros, given in cents. */
export function euros(minorUnits: number) {
  return { minorUnits: BigInt(minorUnits), currency: "EUR" };
}

/** The requests and idempotency keys of a trip's saga. */
export type TestTrip = ReturnType<typeof newTrip>;

/** Creates the requests and idempotency keys of a new trip's saga. */
export function newTrip(paymentMethod = "pm_card_visa") {
  const tripId = crypto.randomUUID();
  return {
    tripId,
    open: { tripId, riderId: "rider-1", paymentMethod, limit: euros(5000) },
    openKey: withIdempotencyKey(`trip/${tripId}/open-tab`),
    fee: { tripId, description: "Unlock fee", amount: euros(100), account: Account.FEES },
    feeKey: withIdempotencyKey(`trip/${tripId}/charge-unlock-fee`),
    fare: { tripId, description: "Fare", amount: euros(1250), account: Account.FARES },
    fareKey: withIdempotencyKey(`trip/${tripId}/charge-fare`),
    captureKey: withIdempotencyKey(`trip/${tripId}/capture`),
    partRefund: { tripId, amount: euros(40) },
    refundKey: withIdempotencyKey(`refund/${tripId}/1/refund-capture`),
  };
}

/**
 * Returns what the gateway did for a trip: the number of authorisations that it ever granted, and in
 * minor units what it holds now and what it took, less what it refunded.
 */
export async function readAccount(db: Kysely<BillingTables>, tripId: string) {
  const keys = `tab/${tripId}/%`;
  const authorisations = await db
    .selectFrom("sandbox_authorisations")
    .select([
      sql<number>`(count(*) filter (where state <> 'refused'))::integer`.as("granted"),
      sql<number>`coalesce(sum(minor_units) filter (where state = 'authorised'), 0)::integer`.as(
        "held",
      ),
    ])
    .where("authorisation_key", "like", keys)
    .executeTakeFirstOrThrow();
  const captures = await db
    .selectFrom("sandbox_captures")
    .select(sql<number>`coalesce(sum(minor_units) filter (where taken), 0)::integer`.as("taken"))
    .where("capture_key", "like", keys)
    .executeTakeFirstOrThrow();
  const { refunded } = await db
    .selectFrom("sandbox_refunds")
    .select(sql<number>`coalesce(sum(minor_units) filter (where given), 0)::integer`.as("refunded"))
    .where("capture_key", "like", keys)
    .executeTakeFirstOrThrow();
  return { ...authorisations, taken: captures.taken - refunded };
}
