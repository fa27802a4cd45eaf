/** An amount of money as plain JSON. */
export interface Amount {
  /** A safe integer, in the minor unit of the currency, such as cents. */
  readonly minorUnits: number;
  /** An ISO 4217 code, such as EUR. */
  readonly currency: string;
}
