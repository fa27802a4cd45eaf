import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type IdempotentCall, runOnce } from "@fanfare/service";
import type { Transaction } from "kysely";

/**
 * recall is what `once` would answer without running anything; undefined when nothing was done under
 * the key yet. It refuses as `once` does, and keeps the key to this transaction until it ends.
 */
export async function recall<DB, I extends DescMessage, O extends DescMessage>(
  tx: Transaction<DB>,
  call: IdempotentCall<I, O>,
): Promise<MessageShape<O> | undefined> {
  const nothingYet = new Error("nothing was done under the key yet");
  try {
    return await runOnce(tx, call, () => Promise.reject(nothingYet));
  } catch (error) {
    if (error === nothingYet) return undefined;
    throw error;
  }
}
