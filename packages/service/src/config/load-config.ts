import { readVariable } from "./read-variable.ts";
import type { ConfigValues, Variable, Variables } from "./variable.ts";

/** ConfigSpec says what a process is and which variables it reads. */
export interface ConfigSpec<V extends Variables> {
  readonly name: string;
  /** One sentence for --help. */
  readonly about: string;
  readonly variables: V;
}

/** ConfigInput is where the configuration is read from; the process's own by default. */
export interface ConfigInput {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly argv?: readonly string[];
}

/**
 * loadConfig reads the variables from the environment. With --help it prints the table of them and
 * exits with status 0; when some are wrong it says what is wrong with each, and exits with status 1.
 */
export function loadConfig<V extends Variables>(
  spec: ConfigSpec<V>,
  { env = process.env, argv = process.argv.slice(2) }: ConfigInput = {},
): ConfigValues<V> {
  if (argv.includes("--help") || argv.includes("-h")) {
    process.stdout.write(helpOf(spec));
    process.exit(0);
  }
  const result = readConfig(spec, env);
  if (result.ok) return result.values;
  process.stderr.write(
    `${spec.name} cannot start, as its environment is not right:\n` +
      result.problems.map((problem) => `  ${problem}\n`).join("") +
      "Run it with --help to see all variables.\n",
  );
  return process.exit(1);
}

/** ConfigResult holds the values, or one sentence for each variable that is wrong. */
export type ConfigResult<V extends Variables> =
  | { readonly ok: true; readonly values: ConfigValues<V> }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * readConfig reads the variables, each from the environment or from the file that `<name>_FILE`
 * names; one that is empty counts as unset.
 */
export function readConfig<V extends Variables>(
  { variables }: ConfigSpec<V>,
  env: Readonly<Record<string, string | undefined>>,
): ConfigResult<V> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries(variables)) {
    try {
      const text = readVariable(variable.name, env);
      const result = variable.schema.safeParse(text);
      if (result.success) values[key] = result.data;
      else
        problems.push(problemOf(variable, text, result.error.issues[0]?.message ?? "it is wrong"));
    } catch (error) {
      problems.push(`${error instanceof Error ? error.message : String(error)}.`);
    }
  }
  return isComplete(values, variables) ? { ok: true, values } : { ok: false, problems };
}

// Each value was read by its own variable's schema, so that all of them together are the whole.
function isComplete<V extends Variables>(
  values: Readonly<Record<string, unknown>>,
  variables: V,
): values is ConfigValues<V> {
  return Object.keys(variables).every((key) => key in values);
}

function problemOf(variable: Variable<unknown>, text: string | undefined, reason: string): string {
  const found =
    text === undefined
      ? "is not set"
      : `is ${variable.secret === true ? "set" : JSON.stringify(text)}, but ${reason}`;
  const advice =
    variable.example === undefined ? "" : `; for example ${variable.name}=${variable.example}`;
  return `${variable.name} ${found}. ${variable.about} Set it${advice}.`;
}

/** helpOf is the text of --help: what the process is and a table of its variables. */
export function helpOf({ name, about, variables }: ConfigSpec<Variables>): string {
  const rows = Object.values(variables).map((variable) => [
    variable.name,
    defaultOf(variable),
    variable.about,
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
  return `${name}: ${about}\n\nEnvironment variables, each with its default:\n${lines.join("\n")}\nA variable may be in a file: name that in <variable>_FILE.\n`;
}

function defaultOf(variable: Variable<unknown>): string {
  const unset = variable.schema.safeParse(undefined);
  if (!unset.success) return "(needed)";
  if (unset.data === undefined) return "(optional)";
  if (variable.secret === true) return "(secret)";
  return typeof unset.data === "string" ? unset.data : JSON.stringify(unset.data);
}
