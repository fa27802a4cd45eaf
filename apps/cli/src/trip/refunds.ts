import { Code, ConnectError } from "@connectrpc/connect";
import {
  ListRefundsResponseSchema,
  RefundTripResponseSchema,
} from "@fanfare/contracts/operators/v1/trip_operations";
import {
  type TripRefund,
  TripRefund_State,
  TripRefund_StateSchema,
} from "@fanfare/contracts/trips/v1/trip_refund";
import { CliError, formatError } from "../cli-error.ts";
import { parseAmount } from "../parse-amount.ts";
import { alignRows, type Terminal } from "../terminal.ts";
import { printJson } from "./print-json.ts";
import type { OperatorContext } from "./trip-context.ts";
import { formatMoney, formatTime } from "./trip-text.ts";

/** What an operator refunds. */
export interface RefundFlags {
  /** Such as 1.50, in the currency of the trip. Absent: everything that is left. */
  readonly amount?: string;
  readonly reason: string;
  /** The idempotency key. Default: a random one. */
  readonly key?: string;
}

/**
 * Refunds a settled trip and prints the refund with its state. A repeated command with the same key refunds once.
 * Throws an error that has the key when the refund may have been stored.
 */
export async function refundTrip(
  { client, terminal, json }: OperatorContext,
  tripId: string,
  { amount, reason, key = crypto.randomUUID() }: RefundFlags,
): Promise<void> {
  checkKey(key);
  const request = {
    tripId,
    reason,
    ...(amount !== undefined && { amount: await readAmount(client, tripId, amount) }),
  };
  const response = await client
    .refundTrip(request, { headers: { "idempotency-key": key } })
    .catch((error: unknown) => {
      throw addKey(error, key);
    });
  if (json) return printJson(terminal, [RefundTripResponseSchema], response);
  for (const line of formatRefunds(response.refund ? [response.refund] : [], terminal)) {
    terminal.line(line);
  }
}

/** Prints the refunds of a trip, the oldest first. */
export async function listRefunds(
  { client, terminal, json }: OperatorContext,
  tripId: string,
): Promise<void> {
  const response = await client.listRefunds({ tripId });
  if (json) return printJson(terminal, [ListRefundsResponseSchema], response);
  if (response.refunds.length === 0) return terminal.line("The trip has no refund.");
  for (const line of formatRefunds(response.refunds, terminal)) terminal.line(line);
}

function checkKey(key: string): void {
  if (/^[!-~]{1,255}$/.test(key)) return;
  throw new CliError(
    `expected a key of 1 to 255 letters, digits and signs without spaces, got "${key}"`,
  );
}

/** Reads an amount in the currency of the trip. */
async function readAmount(client: OperatorContext["client"], tripId: string, text: string) {
  const { trip } = await client.getTrip({ tripId });
  const currency = (trip?.settled ?? trip?.tariff?.terms?.unlockFee)?.currency ?? "";
  return { minorUnits: parseAmount(text, currency), currency };
}

const unanswered: ReadonlySet<Code> = new Set([
  Code.Aborted,
  Code.Canceled,
  Code.DeadlineExceeded,
  Code.Internal,
  Code.Unavailable,
  Code.Unknown,
]);

function addKey(error: unknown, key: string): unknown {
  if (!unanswered.has(ConnectError.from(error).code)) return error;
  return new CliError(
    `${formatError(error)}; the refund may have been stored: repeat the command with --key ${key}, which refunds once`,
  );
}

function formatRefunds(refunds: readonly TripRefund[], terminal: Terminal): string[] {
  const head = ["REFUND", "STATE", "AMOUNT", "REQUESTED", "REFUNDED", "REFUSAL"];
  return alignRows([
    head.map((name) => terminal.colour("dim", name)),
    ...refunds.map((refund) => [
      refund.refundId,
      formatState(refund.state, terminal),
      formatMoney(refund.amount),
      formatTime(refund.requestedAt),
      formatTime(refund.refundedAt),
      refund.refusal,
    ]),
  ]);
}

function formatState(state: TripRefund_State, terminal: Terminal): string {
  const colour = state === TripRefund_State.REFUSED ? "red" : "green";
  const name = TripRefund_StateSchema.value[state]?.localName ?? `state ${state}`;
  return terminal.colour(state === TripRefund_State.REQUESTED ? "cyan" : colour, name);
}
