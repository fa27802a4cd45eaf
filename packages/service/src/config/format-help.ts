import { redactUrls } from "../process/redact-urls.ts";
import type { Variable, Variables } from "./variable.ts";

/** What `--help` describes. */
export interface HelpSubject {
  readonly name: string;
  readonly about: string;
  readonly variables: Variables;
}

/** Returns the text of `--help`: the purpose of the process and a table of its variables. */
export function formatHelp({ name, about, variables }: HelpSubject): string {
  const rows = Object.values(variables).map((variable) => [
    variable.name,
    formatDefault(variable),
    variable.about,
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
  return `${name}: ${about}

Environment variables and their defaults:
${lines.join("\n")}
<variable>_FILE names a file to read a variable from.
`;
}

function formatDefault(variable: Variable<unknown>): string {
  const unset = variable.schema.safeParse(undefined);
  if (!unset.success) return "(required)";
  const value: unknown = typeof unset.data === "function" ? unset.data() : unset.data;
  if (value === undefined) return "(optional)";
  if (variable.secret === true) return "(secret)";
  return redactUrls(typeof value === "string" ? value : JSON.stringify(value));
}
