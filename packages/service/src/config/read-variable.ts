import { readFileSync } from "node:fs";

/**
 * readVariable reads a variable from an environment, or from the file that `<name>_FILE` names, as
 * secrets are handed to containers; one that is empty counts as unset. Throws, saying why, when the
 * file cannot be read or when both are set.
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
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${name}_FILE cannot be read: ${reason}`, { cause: error });
  }
}
