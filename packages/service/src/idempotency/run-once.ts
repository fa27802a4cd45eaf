import { createHash } from "node:crypto";
import type {
  DescMessage,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Generated, Transaction } from "kysely";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** IdempotencyTable is the table idempotency_keys: what was done under which key. */
export interface IdempotencyTable {
  key: string;
  /** Of method and request. Null for a key that was tombstoned before anything was done under it. */
  request_hash: Buffer | null;
  /** The answer in protobuf's binary format. Null when nothing was done under the key. */
  answer: Buffer | null;
  tombstoned_at: Date | null;
  created_at: Generated<Date>;
}

/** idempotencyMigration makes the table that `once` and `tombstone` need. */
export const idempotencyMigration: Migration = {
  async up(db) {
    await sql`
      create table idempotency_keys (
        key text primary key,
        request_hash bytea,
        answer bytea,
        tombstoned_at timestamptz,
        created_at timestamptz not null default now()
      )`.execute(db);
  },
};

/** IdempotentCall say under which key which call is done. */
export interface IdempotentCall<I extends DescMessage, O extends DescMessage> {
  readonly key: string;
  readonly method: DescMethodUnary<I, O>;
  readonly request: MessageShape<I>;
}

/**
 * once does a writing call once. The first call under a key runs, and its answer is remembered in
 * the caller's transaction, so that effect and memory commit together. A repetition gets that answer
 * and runs nothing. Calls under one key wait for each other. When `run` throws nothing is
 * remembered.
 *
 * It throws a ConnectError: already_exists for a key that was used for other contents,
 * failed_precondition for one that was tombstoned.
 */
export async function runOnce<DB, I extends DescMessage, O extends DescMessage>(
  tx: Transaction<DB>,
  { key, method, request }: IdempotentCall<I, O>,
  run: () => Promise<MessageInitShape<O>>,
): Promise<MessageShape<O>> {
  const hash = hashOf(method, request);
  // Inserting waits for another transaction that holds the key; updating nothing locks the row.
  const { rows } = await sql<Pick<IdempotencyTable, "request_hash" | "answer" | "tombstoned_at">>`
    insert into idempotency_keys as known (key) values (${key})
    on conflict (key) do update set key = known.key
    returning request_hash, answer, tombstoned_at`.execute(tx);
  const known = rows[0];
  if (known?.tombstoned_at) throw tombstoned(key);
  if (known?.answer) {
    if (known.request_hash?.equals(hash) === true) return fromBinary(method.output, known.answer);
    throw new ConnectError(
      `idempotency-key ${key} was used for another request: send each request under a key of its own`,
      Code.AlreadyExists,
    );
  }
  const answer = create(method.output, await run());
  await sql`
    update idempotency_keys
    set request_hash = ${hash}, answer = ${Buffer.from(toBinary(method.output, answer))}
    where key = ${key}`.execute(tx);
  return answer;
}

/**
 * tombstone refuses whatever comes under the key from now on, and waits for what is running under
 * it: call it first in the transaction of a compensation, and what comes after it sees the effect or knows
 * that there never will be one. It is harmless where nothing was done and when repeated.
 */
export async function tombstone<DB>(tx: Transaction<DB>, key: string): Promise<void> {
  await sql`
    insert into idempotency_keys as known (key, tombstoned_at) values (${key}, now())
    on conflict (key) do update set tombstoned_at = coalesce(known.tombstoned_at, now())`.execute(
    tx,
  );
}

function tombstoned(key: string): ConnectError {
  return new ConnectError(
    `what idempotency-key ${key} stands for was compensated and cannot be done any more`,
    Code.FailedPrecondition,
  );
}

function hashOf<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
): Buffer {
  return createHash("sha256")
    .update(`${method.parent.typeName}/${method.name}\n`)
    .update(toBinary(method.input, request))
    .digest();
}
