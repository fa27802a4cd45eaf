import {
  idempotencyAgesMigration,
  idempotencyMigration,
  tombstonesMigration,
} from "@fanfare/service";
import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { ledgerMigration } from "./ledger/ledger-migration.ts";
import { captureRefundsMigration } from "./refunds/capture-refunds-migration.ts";
import { forgetTokensMigration } from "./riders/gateway-token-migration.ts";
import { tripKeysMigration } from "./riders/trip-keys-migration.ts";

const tabs: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("tabs")
      .addColumn("trip_id", "uuid", (column) => column.primaryKey())
      .addColumn("rider_id", "text", (column) => column.notNull())
      .addColumn("payment_method", "text", (column) => column.notNull())
      .addColumn("currency", "text", (column) => column.notNull())
      .addColumn("limit_minor_units", "bigint", (column) =>
        column.notNull().check(sql`limit_minor_units > 0`),
      )
      .addColumn("state", "text", (column) =>
        column
          .notNull()
          .check(
            sql`state in ('opening', 'declined', 'open', 'capturing', 'captured', 'voiding', 'void')`,
          ),
      )
      .addColumn("opened_under", "text", (column) => column.notNull())
      .addColumn("authorise_attempt", "integer", (column) => column.notNull().defaultTo(1))
      .addColumn("authorisation_id", "text")
      .addColumn("capture_attempt", "integer", (column) => column.notNull().defaultTo(0))
      .addColumn("captured_minor_units", "bigint")
      .addCheckConstraint(
        "tabs_open_is_authorised",
        sql`state not in ('open', 'capturing', 'captured') or authorisation_id is not null`,
      )
      .addCheckConstraint(
        "tabs_captured_says_how_much",
        sql`(state in ('capturing', 'captured')) = (captured_minor_units is not null)`,
      )
      .execute();
    await db.schema
      .createTable("tab_entries")
      .addColumn("entry_id", "bigint", (column) => column.primaryKey().generatedAlwaysAsIdentity())
      .addColumn("trip_id", "uuid", (column) => column.notNull().references("tabs.trip_id"))
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("charge_key", "text", (column) => column.notNull())
      .addColumn("description", "text", (column) => column.notNull())
      .addColumn("minor_units", "bigint", (column) => column.notNull())
      .addUniqueConstraint("tab_entries_once", ["charge_key", "kind"])
      .addCheckConstraint(
        "tab_entries_sign",
        sql`(kind = 'charge' and minor_units >= 0) or (kind = 'refund' and minor_units <= 0)`,
      )
      .execute();
    await db.schema
      .createIndex("tab_entries_trip")
      .on("tab_entries")
      .columns(["trip_id", "entry_id"])
      .execute();
  },
};

const sandbox: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("sandbox_authorisations")
      .addColumn("authorisation_key", "text", (column) => column.primaryKey())
      .addColumn("payment_method", "text", (column) => column.notNull())
      .addColumn("minor_units", "bigint", (column) => column.notNull())
      .addColumn("currency", "text", (column) => column.notNull())
      .addColumn("state", "text", (column) =>
        column.notNull().check(sql`state in ('authorised', 'refused', 'captured', 'void')`),
      )
      .execute();
    await db.schema
      .createTable("sandbox_captures")
      .addColumn("capture_key", "text", (column) => column.primaryKey())
      .addColumn("authorisation_key", "text", (column) =>
        column.notNull().references("sandbox_authorisations.authorisation_key"),
      )
      .addColumn("minor_units", "bigint", (column) => column.notNull())
      .addColumn("taken", "boolean", (column) => column.notNull())
      .execute();
  },
};

const gatewayToken: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table tabs add column gateway_token text`.execute(db);
    // Trips named the gateway's payment methods before riders kept them.
    await sql`update tabs set gateway_token = payment_method`.execute(db);
  },
};

/** The migrations of billing's database and its sandbox gateway, in the order of their names. */
export const migrations: Record<string, Migration> = {
  "0001-idempotency": idempotencyMigration,
  "0002-tabs": tabs,
  "0003-sandbox": sandbox,
  "0004-tombstones": tombstonesMigration,
  "0005-gateway-token": gatewayToken,
  "0006-ledger": ledgerMigration,
  "0007-capture-refunds": captureRefundsMigration,
  "0008-idempotency-ages": idempotencyAgesMigration,
  "0009-forget-tokens": forgetTokensMigration,
  "0010-trip-keys": tripKeysMigration,
};
