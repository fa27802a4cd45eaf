import { escapeLiteral } from "pg";
import type { Pattern, Wanted } from "./matcher.ts";
import { searchRows, withDatabase } from "./search-rows.ts";

/** Returns the gateway's tokens of a rider's payment methods, which no call returns to an operator. */
export async function readGatewayTokens(adminUrl: string, riderId: string): Promise<string[]> {
  return await withDatabase(adminUrl, "riders", async (client) => {
    const { rows } = await client.query<{ gateway_token: string }>(
      "select gateway_token from payment_methods where rider_id = $1",
      [riderId],
    );
    return rows.map(({ gateway_token }) => gateway_token);
  });
}

/** Returns the values that other riders have as well: where one is found, it may be theirs. */
export async function findShared(
  adminUrl: string,
  riderId: string,
  patterns: readonly Pattern[],
): Promise<Wanted[]> {
  const others = ["riders", "payment_methods"].map(
    (table) => `select r::text from ${table} r where rider_id <> ${escapeLiteral(riderId)}`,
  );
  return await withDatabase(adminUrl, "riders", (client) =>
    searchRows(client, others.join(" union all "), patterns),
  );
}
