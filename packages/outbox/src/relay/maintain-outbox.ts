import { type Kysely, sql } from "kysely";

/**
 * Rejects events of unknown topics that have waited for the grace period, and returns their number.
 * The grace period lets a newer version of the process start that knows the topic.
 */
export async function rejectUnknownTopics<DB>(
  db: Kysely<DB>,
  { topics, graceMs }: { readonly topics: readonly string[]; readonly graceMs: number },
): Promise<number> {
  // Under a stricter isolation level, two relays that reject at the same time would conflict.
  const transaction = db.transaction().setIsolationLevel("read committed");
  const statement = sql`
    update outbox
    set rejected_at = now(), rejected_code = 'unknown_topic',
      rejected_reason = 'no relay knows the topic: add its service to the services of the relay'
    where rejected_at is null and extract(epoch from now() - written_at) * 1000 >= ${graceMs}::float8
      and not exists (
        select from json_array_elements_text((${JSON.stringify(topics)}::text)::json) as known (topic)
        where known.topic = outbox.topic)`;
  const { numAffectedRows = 0n } = await transaction.execute((tx) => statement.execute(tx));
  return Number(numAffectedRows);
}

/** How long the row of a key stays, in minutes. Each key in use is written anew after that time. */
const keyMinutes = 10;
const keysPerStatement = 10_000;

/**
 * Removes the rows of old keys that no transaction holds. A writer that comes during the removal waits
 * for it and stores a new row, so that two writers of a key still wait for each other.
 */
export async function pruneKeys<DB>(db: Kysely<DB>): Promise<void> {
  const transaction = db.transaction().setIsolationLevel("read committed");
  const statement = sql`
    delete from outbox_keys where key_hash = any(array(
      select key_hash from outbox_keys
      where created_at < now() - make_interval(mins => ${sql.lit(keyMinutes)})
      order by created_at
      limit ${sql.lit(keysPerStatement)}
      for update skip locked))`;
  for (let removed = BigInt(keysPerStatement); removed >= keysPerStatement; ) {
    const result = await transaction.execute((tx) => statement.execute(tx));
    removed = result.numAffectedRows ?? 0n;
  }
}
