/** Amount is an amount in the smallest unit of its currency (ISO 4217). */
export interface Amount {
  readonly minorUnits: bigint;
  readonly currency: string;
}

/** Refusal is the gateway's no: final for the key it was asked under, and safe to show. */
export interface Refusal {
  readonly outcome: "declined" | "unknown-method";
  /** A sentence that says what to do. */
  readonly reason: string;
}

/**
 * PaymentGateway takes money from riders. Every call is idempotent by its key, for good: the same
 * key gives the same answer and has one effect, however often, at once or late it arrives. A call
 * that rejects may or may not have had its effect, and is repeated under the same key. An
 * implementation bounds the time of each call itself.
 */
export interface PaymentGateway {
  /** authorise holds the amount on the payment method, without taking it. */
  authorise(request: {
    readonly key: string;
    readonly paymentMethod: string;
    readonly amount: Amount;
  }): Promise<{ readonly outcome: "authorised"; readonly authorisationId: string } | Refusal>;

  /** capture takes the amount, at most what was authorised, and gives the rest back. */
  capture(request: {
    readonly key: string;
    readonly authorisationId: string;
    readonly amount: Amount;
  }): Promise<{ readonly outcome: "captured" } | Refusal>;

  /** void gives an authorisation back. Rejects when it was captured. */
  void(request: { readonly key: string; readonly authorisationId: string }): Promise<void>;
}
