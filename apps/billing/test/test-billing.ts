import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createTestTransport } from "@fanfare/access/testing";
import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import { startPostgres } from "@fanfare/dev-stack";
import { type Caller, createLogger, openDatabase } from "@fanfare/service";
import { type Kysely, sql } from "kysely";
import type { PaymentGateway } from "../src/gateway.ts";
import { migrations } from "../src/migrations.ts";
import { createRoutes } from "../src/routes.ts";
import { createSandboxGateway } from "../src/sandbox-gateway.ts";
import type { BillingTables } from "../src/tables.ts";

/** TestBilling is billing on a PostgreSQL of its own, called in memory. */
export interface TestBilling extends AsyncDisposable {
  readonly db: Kysely<BillingTables>;
  readonly gateway: PaymentGateway;
  /** as makes a client for a caller, on the sandbox unless another gateway is given. */
  as(caller: Caller, gateway?: PaymentGateway): Client<typeof BillingService>;
  /** openTrip is a new trip with an open tab. */
  openTrip(paymentMethod?: string): Promise<ReturnType<typeof newTrip>>;
  /** balanceOf is what GetTab says of the trip's balance. */
  balanceOf(tripId: string): Promise<bigint | undefined>;
}

/** Callers of each role; only the worker may write. */
export const worker: Caller = { role: "service", subject: "worker" };
export const operator: Caller = { role: "operator", subject: "olga" };
export const rider: Caller = { role: "rider", subject: "rider-1" };

/** startTestBilling resolves when the tables are there. */
export async function startTestBilling(): Promise<TestBilling> {
  const postgres = await startPostgres();
  const database = openDatabase<BillingTables>({
    url: await postgres.createDatabase("billing"),
    name: "billing",
    migrations,
    logger: createLogger({ name: "billing", level: "silent" }),
  });
  await database.waitForMigrations({ timeoutMs: 60_000 });
  const { db } = database;
  const sandbox = createSandboxGateway(db);
  const as = (caller: Caller, gateway = sandbox) =>
    createClient(BillingService, createTestTransport(createRoutes({ db, gateway }), caller));
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
    async balanceOf(tripId) {
      const { tab } = await billing.getTab({ tripId });
      return tab?.balance?.minorUnits;
    },
    async [Symbol.asyncDispose]() {
      await database.close();
      await postgres.stop();
    },
  };
}

/** under sends an idempotency-key. */
export function under(key: string) {
  return { headers: { "idempotency-key": key } };
}

/** euros is an amount of money in cents. */
export function euros(minorUnits: number) {
  return { minorUnits: BigInt(minorUnits), currency: "EUR" };
}

/** newTrip is a trip with the keys and requests of its saga. */
export function newTrip(paymentMethod = "pm_card_visa") {
  const tripId = crypto.randomUUID();
  return {
    tripId,
    open: { tripId, riderId: "rider-1", paymentMethod, limit: euros(5000) },
    openKey: under(`trip/${tripId}/open-tab`),
    fee: { tripId, description: "Unlock fee", amount: euros(100) },
    feeKey: under(`trip/${tripId}/charge-unlock-fee`),
    fare: { tripId, description: "Fare", amount: euros(1250) },
    fareKey: under(`trip/${tripId}/charge-fare`),
    captureKey: under(`trip/${tripId}/capture`),
  };
}

/** refusal is the error that a call ends with; it rejects when the call succeeds. */
export async function refusal(call: Promise<unknown>): Promise<ConnectError> {
  return await call.then(
    () => Promise.reject(new Error("it was not refused")),
    (error: unknown) => ConnectError.from(error),
  );
}

/**
 * accountOf is what the gateway did for a trip: how many authorisations it ever granted, and in
 * minor units what it holds now and what it took.
 */
export async function accountOf(db: Kysely<BillingTables>, tripId: string) {
  const mine = `tab/${tripId}/%`;
  const authorisations = await db
    .selectFrom("sandbox_authorisations")
    .select([
      sql<number>`(count(*) filter (where state <> 'refused'))::integer`.as("granted"),
      sql<number>`coalesce(sum(minor_units) filter (where state = 'authorised'), 0)::integer`.as(
        "held",
      ),
    ])
    .where("authorisation_key", "like", mine)
    .executeTakeFirstOrThrow();
  const captures = await db
    .selectFrom("sandbox_captures")
    .select(sql<number>`coalesce(sum(minor_units) filter (where taken), 0)::integer`.as("taken"))
    .where("capture_key", "like", mine)
    .executeTakeFirstOrThrow();
  return { ...authorisations, ...captures };
}

/** insist calls until the answer is not unavailable, as the callers of this service do. */
export async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Unavailable) throw error;
    }
  }
}
