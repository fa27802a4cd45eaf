import { readFileSync } from "node:fs";
import { formatReason } from "../process/format-reason.ts";

/**
 * Reads a variable from the environment, or from the file that `<name>_FILE` names, which is how
 * containers receive secrets. An empty value counts as unset. Throws when the file cannot be read and
 * when both variables are set.
 *
 * @example
 * const token = readVariable("API_TOKEN"); // from API_TOKEN, or from the file API_TOKEN_FILE
 */
export function readVariable(
  name: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const value = env[name]?.trim() || undefined;
  const file = env[`${name}_FILE`]?.trim() || undefined;
  if (file === undefined) return value;
  if (value !== undefined) throw new Error(`${name} and ${name}_FILE are both set: unset one`);
  try {
    return readFileSync(file, "utf8").trim() || undefined;
  } catch (error) {
    throw new Error(`${name}_FILE cannot be read: ${formatReason(error)}`, { cause: error });
  }
}
