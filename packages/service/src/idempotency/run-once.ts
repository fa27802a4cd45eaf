import { createHash } from "node:crypto";
import type {
  DescMessage,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Transaction } from "kysely";
import { sql } from "kysely";
import type { IdempotencyTable } from "./idempotency-migration.ts";

type StoredKey = Pick<IdempotencyTable, "request_hash" | "answer"> & {
  readonly tombstoned: boolean;
};

/** A call and the idempotency key that identifies it. */
export interface IdempotentCall<I extends DescMessage, O extends DescMessage> {
  readonly key: string;
  readonly method: DescMethodUnary<I, O>;
  readonly request: MessageShape<I>;
}

/**
 * Runs a call once per idempotency key. The first call under a key executes `run` and stores its
 * response in the caller's transaction, so that the effect and the key commit together. A repeated
 * call returns the stored response. Concurrent calls under one key wait for each other. Nothing is
 * stored when `run` throws.
 *
 * `run` also executes for a key that was pruned since: let it find the effect of the first call, and
 * return its response.
 *
 * Throws a ConnectError: `already_exists` for a key that was used with another request,
 * `failed_precondition` for a tombstoned key, also when the key was pruned.
 *
 * @example
 * const routes: Routes = (router) =>
 *   router.service(EchoService, {
 *     async say(request, context) {
 *       const key = readIdempotencyKey(context);
 *       return await db.transaction().execute((tx) =>
 *         runOnce(tx, { key, method: EchoService.method.say, request }, async () => {
 *           await tx.insertInto("notes").values({ id: key, text: request.text }).execute();
 *           return { text: request.text };
 *         }),
 *       );
 *     },
 *   });
 */
export async function runOnce<DB, I extends DescMessage, O extends DescMessage>(
  tx: Transaction<DB>,
  { key, method, request }: IdempotentCall<I, O>,
  run: () => Promise<MessageInitShape<O>>,
): Promise<MessageShape<O>> {
  const hash = hashRequest(method, request);
  // The insert waits for another transaction that holds the key; the update locks the row and changes
  // nothing.
  const { rows } = await sql<StoredKey>`
    insert into idempotency_keys as known (key) values (${key})
    on conflict (key) do update set key = known.key
    returning request_hash, answer, tombstoned_at is not null or exists (
      select from idempotency_tombstones buried where buried.key = known.key
    ) as tombstoned`.execute(tx);
  const stored = rows[0];
  if (stored?.tombstoned === true) {
    throw new ConnectError(
      `the call with idempotency-key ${key} was compensated: it cannot be repeated`,
      Code.FailedPrecondition,
    );
  }
  if (stored?.answer) {
    if (stored.request_hash?.equals(hash) === true) return fromBinary(method.output, stored.answer);
    throw new ConnectError(
      `idempotency-key ${key} was used for another request: send each request with a key of its own`,
      Code.AlreadyExists,
    );
  }
  const response = create(method.output, await run());
  await sql`
    update idempotency_keys
    set request_hash = ${hash}, answer = ${Buffer.from(toBinary(method.output, response))}
    where key = ${key}`.execute(tx);
  return response;
}

function hashRequest<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
): Buffer {
  return createHash("sha256")
    .update(`${method.parent.typeName}/${method.name}\n`)
    .update(toBinary(method.input, request))
    .digest();
}
