import { BusError } from "@fanfare/bus";

/**
 * Throws `unsupported` unless the driver returned columns of text under their names. The statements of
 * this package send and return nothing but text and numbers, so a driver that changes neither is supported.
 */
export function checkColumns(rows: readonly object[], names: readonly string[]): void {
  const [row] = rows;
  if (row === undefined) return;
  for (const name of names) {
    const value: unknown = Reflect.get(row, name);
    if (value === null || typeof value === "string") continue;
    const found = name in row ? `a ${typeof value}` : `the columns ${Object.keys(row).join(", ")}`;
    throw new BusError(
      "unsupported",
      `expected the column ${name} with text from the database driver, got ${found}: use a driver without transforms of names and values`,
    );
  }
}
