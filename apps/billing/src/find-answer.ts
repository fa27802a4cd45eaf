import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type IdempotentCall, runOnce } from "@fanfare/service";
import type { Transaction } from "kysely";

/**
 * Returns the answer that `runOnce` has stored under the call's key; undefined when there is none. Throws
 * what `runOnce` throws, and locks the key until the transaction ends.
 */
export async function findAnswer<DB, I extends DescMessage, O extends DescMessage>(
  tx: Transaction<DB>,
  call: IdempotentCall<I, O>,
): Promise<MessageShape<O> | undefined> {
  const notStored = new Error("no answer is stored under the key");
  try {
    return await runOnce(tx, call, () => Promise.reject(notStored));
  } catch (error) {
    if (error === notStored) return undefined;
    throw error;
  }
}
