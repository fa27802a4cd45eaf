import type { DatabaseLogins } from "./provision-databases.ts";

/** Parses the enabled logins of each database. Throws when the text of the file is something else. */
export function parseLogins(text: string, file: string): DatabaseLogins {
  const found: unknown = parseJson(text);
  if (isRecord(found) && Object.values(found).every(isLogins)) {
    return Object.fromEntries(Object.entries(found).filter(hasLogins));
  }
  throw new Error(
    `expected {"<database>": {"<login>": "<SCRAM-SHA-256 verifier>"}} in ${file}, got something else: ` +
      "write it with fanfare secrets",
  );
}

function hasLogins(entry: [string, unknown]): entry is [string, Record<string, string>] {
  return isLogins(entry[1]);
}

function isLogins(value: unknown): value is Record<string, string> {
  return (
    isRecord(value) &&
    Object.values(value).every(
      (verifier) => typeof verifier === "string" && verifier.startsWith("SCRAM-SHA-256$"),
    )
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
