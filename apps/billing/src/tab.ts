import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type Tab,
  TabSchema,
  TabState as TabStateOnWire,
} from "@fanfare/contracts/billing/v1/billing";
import { toMoney } from "./amounts.ts";
import type { TabRecord } from "./store.ts";
import type { TabState } from "./tables.ts";

/**
 * toTab is the tab as its readers see it; undefined when there is none to see, as nothing was
 * authorised. A tab that is being captured or voided is open until that is done.
 */
export function toTab(record: TabRecord | undefined): Tab | undefined {
  if (record === undefined) return undefined;
  const { row, entries, balance } = record;
  const state = stateOnWire[row.state];
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
      ? { captured: money(BigInt(row.captured_minor_units)) }
      : {}),
  });
}

const stateOnWire: Readonly<Record<TabState, TabStateOnWire | undefined>> = {
  opening: undefined,
  declined: undefined,
  open: TabStateOnWire.OPEN,
  capturing: TabStateOnWire.OPEN,
  captured: TabStateOnWire.CAPTURED,
  voiding: TabStateOnWire.OPEN,
  void: TabStateOnWire.VOID,
};

/** notOpen is the refusal of a call that needs an open tab, with what the tab is instead. */
export function notOpen(tripId: string, state: TabState | undefined): ConnectError {
  return new ConnectError(
    `The tab of trip ${tripId} is not open: ${whyNotOpen[state ?? "none"]}`,
    Code.FailedPrecondition,
  );
}

const whyNotOpen: Readonly<Record<TabState | "none", string>> = {
  none: "there is none yet, call OpenTab first",
  opening: "its payment method is being authorised, wait for OpenTab",
  declined: "its payment method was declined, call OpenTab with another one",
  open: "it is open again, call again",
  capturing: "it is being captured, repeat CaptureTab to finish that",
  captured: "it was captured, and a trip is captured once",
  voiding: "it is being voided, start another trip",
  void: "it was voided, start another trip",
};
