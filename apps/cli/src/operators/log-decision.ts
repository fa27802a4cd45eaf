import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type AppendRequestSchema,
  OperatorLogService,
} from "@fanfare/contracts/operators/v1/operators";
import { CliError } from "../cli-error.ts";
import { type CallerOptions, findAddress } from "../trip/find-address.ts";
import { connectTo } from "../trip/trips-client.ts";

/** The flags of a command that carries out a decision of an operator. */
export interface DecisionFlags extends CallerOptions {
  /** Why the operator decided so. */
  readonly reason?: string;
  /** Carries out the decision without the operator log. */
  readonly unlogged?: boolean;
}

const callTimeoutMs = 10_000;
/** The longest details that the log accepts. */
const maxDetailsLength = 10_000;

/**
 * Appends the decision of the caller to the operator log, before it takes effect. Throws when it is not
 * stored, unless the flag `unlogged` is set.
 */
export async function logDecision(
  { reason = "", unlogged = false, ...caller }: DecisionFlags,
  decision: Omit<
    Exclude<MessageInitShape<typeof AppendRequestSchema>, { $typeName: string }>,
    "entryId" | "reason"
  >,
): Promise<void> {
  if (unlogged) return;
  const address = await findAddress({ ...caller, operator: true });
  using log = connectTo(OperatorLogService, address);
  const details = (decision.details ?? "").slice(0, maxDetailsLength);
  const entry = { ...decision, details, entryId: randomUUID(), reason };
  await log.client.append(entry, { timeoutMs: callTimeoutMs }).catch((cause: unknown) => {
    throw new CliError(
      `nothing is done, because the operator log at ${address.url} does not store the decision: set FANFARE_URL and FANFARE_TOKEN, or add --unlogged`,
      { cause },
    );
  });
}
