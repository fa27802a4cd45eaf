import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type Tab,
  TabSchema,
  TabState as TabStateMessage,
} from "@fanfare/contracts/billing/v1/billing";
import { toMoney } from "./amounts.ts";
import type { TabRecord } from "./store.ts";
import type { TabState } from "./tables.ts";

/**
 * Converts a tab to the message that the API returns; undefined when nothing was authorised. A tab that
 * is being captured or voided is reported as open.
 */
export function toTab(record: TabRecord | undefined): Tab | undefined {
  if (record === undefined) return undefined;
  const { row, entries, balance, refunded } = record;
  const state = stateMessages[row.state];
  if (state === undefined) return undefined;
  const money = (minorUnits: bigint) => toMoney(minorUnits, row.currency);
  return create(TabSchema, {
    tripId: row.trip_id,
    riderId: row.rider_id,
    paymentMethod: row.payment_method,
    state,
    limit: money(BigInt(row.limit_minor_units)),
    entries: entries.map(({ description, minorUnits }) => ({
      description,
      amount: money(minorUnits),
    })),
    balance: money(balance),
    ...(row.state === "captured" && row.captured_minor_units !== null
      ? { captured: money(BigInt(row.captured_minor_units)), refunded: money(refunded) }
      : {}),
  });
}

const stateMessages: Readonly<Record<TabState, TabStateMessage | undefined>> = {
  opening: undefined,
  declined: undefined,
  open: TabStateMessage.OPEN,
  capturing: TabStateMessage.OPEN,
  captured: TabStateMessage.CAPTURED,
  voiding: TabStateMessage.OPEN,
  void: TabStateMessage.VOID,
};

/** Creates the failed_precondition error of a call that needs an open tab. */
export function createNotOpenError(tripId: string, state: TabState | undefined): ConnectError {
  return new ConnectError(
    `the tab of trip ${tripId} is not open: ${explanations[state ?? "none"]}`,
    Code.FailedPrecondition,
  );
}

/** Creates the failed_precondition error of a refund that needs a captured tab. */
export function createNotCapturedError(tripId: string, state: TabState | undefined): ConnectError {
  return new ConnectError(
    `the tab of trip ${tripId} is ${state ?? "not there"}: only a captured tab can be refunded`,
    Code.FailedPrecondition,
  );
}

const explanations: Readonly<Record<TabState | "none", string>> = {
  none: "there is none, call OpenTab first",
  opening: "its payment method is being authorised, wait for OpenTab",
  declined: "its payment method was declined, call OpenTab with another one",
  open: "it is open again, call again",
  capturing: "it is being captured, repeat CaptureTab to complete that",
  captured: "it is captured, and a tab is captured once",
  voiding: "it is being voided, start another trip",
  void: "it was voided, start another trip",
};
