// What a rider has paid, computed from the answers that callers got. Shares no code with billing.

/** A call about a tab. */
export type TabCall =
  | { readonly kind: "charge"; readonly key: string; readonly cents: number }
  | { readonly kind: "reverse"; readonly key: string }
  | { readonly kind: "capture" }
  | { readonly kind: "void" }
  | { readonly kind: "refund"; readonly key: string; readonly cents: number };

/** The tab that follows from the calls that succeeded. */
export interface ExpectedTab {
  /** Applies a call that succeeded. It may be repeated. */
  apply(call: TabCall): void;
  /** Returns what the gateway took less what it refunded, and whether it holds nothing more. */
  read(): { readonly taken: number; readonly closed: boolean };
  /** Returns the charges less the reversals and the refunds. */
  readBalance(): number;
}

/** Creates the tab of a trip without charges. */
export function createExpectedTab(): ExpectedTab {
  const charges = new Map<string, number>();
  const refunds = new Map<string, number>();
  let end: "open" | "captured" | "void" = "open";
  const readBalance = () => sum(charges.values()) - sum(refunds.values());
  return {
    apply(call) {
      if (call.kind === "charge") charges.set(call.key, call.cents);
      if (call.kind === "reverse") charges.delete(call.key);
      if (call.kind === "refund") refunds.set(call.key, call.cents);
      if (call.kind === "capture") end = "captured";
      if (call.kind === "void") end = "void";
    },
    read: () => ({ taken: end === "captured" ? readBalance() : 0, closed: end !== "open" }),
    readBalance,
  };
}

function sum(amounts: Iterable<number>): number {
  return [...amounts].reduce((one, other) => one + other, 0);
}
