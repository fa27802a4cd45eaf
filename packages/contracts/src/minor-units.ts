/** The currencies of ISO 4217 whose minor unit is not a hundredth, by the digits that it has. */
const currencies: Readonly<Record<number, readonly string[]>> = {
  0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" "),
  3: "BHD IQD JOD KWD LYD OMR TND".split(" "),
  4: ["CLF", "UYW"],
};

const digitsByCurrency = new Map(
  Object.entries(currencies).flatMap(([digits, codes]) =>
    codes.map((code) => [code, Number(digits)] as const),
  ),
);

/**
 * Returns how many decimal digits the minor unit of a currency has by ISO 4217, which payment gateways count
 * in. `Intl` has the digits that people write: none in HUF, whose minor unit is a hundredth.
 */
export function countMinorDigits(currency: string): number {
  return digitsByCurrency.get(currency) ?? 2;
}
