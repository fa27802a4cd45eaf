/** An amount in the minor unit of its currency (ISO 4217). */
export interface Amount {
  readonly minorUnits: bigint;
  readonly currency: string;
}

/** The gateway's rejection of a request. It is final for the key of the request. */
export interface GatewayRejection {
  readonly outcome: "declined" | "unknown-method";
  /** Explains the rejection and what to do. Safe to show to callers. */
  readonly reason: string;
}

/**
 * A service that takes money from riders. Each call is idempotent by its key, forever: the same key
 * returns the same answer and takes effect once, however often, concurrently or late it is sent. A call
 * that rejects may have taken effect, and is repeated under the same key. Implementations limit the time
 * of each call.
 */
export interface PaymentGateway {
  /** Holds the amount on the payment method without taking it. */
  authorise(request: {
    readonly key: string;
    readonly paymentMethod: string;
    readonly amount: Amount;
  }): Promise<
    { readonly outcome: "authorised"; readonly authorisationId: string } | GatewayRejection
  >;

  /** Takes the amount, at most what is authorised, and releases the rest. */
  capture(request: {
    readonly key: string;
    readonly authorisationId: string;
    readonly amount: Amount;
  }): Promise<{ readonly outcome: "captured" } | GatewayRejection>;

  /** Returns an amount of a capture to the rider, at most what is captured and not refunded. */
  refund(request: {
    readonly key: string;
    /** The key of the capture. */
    readonly captureKey: string;
    readonly amount: Amount;
  }): Promise<{ readonly outcome: "refunded" } | GatewayRejection>;

  /** Releases an authorisation. Rejects when it is captured. */
  void(request: { readonly key: string; readonly authorisationId: string }): Promise<void>;
}
