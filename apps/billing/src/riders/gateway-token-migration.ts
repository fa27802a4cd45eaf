import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * The migration that forgets the gateway's tokens of tabs whose authorisation is answered, and finds the tabs of
 * a rider.
 */
export const forgetTokensMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      update tabs set gateway_token = null where state not in ('opening', 'voiding')`.execute(db);
    await sql`create index tabs_of_rider on tabs (rider_id, trip_id)`.execute(db);
    // The sandbox keeps no token that it does not have.
    await sql`
      update sandbox_authorisations set payment_method = 'unknown'
      where state = 'refused' and payment_method not like 'pm\_card\_%'`.execute(db);
  },
};
