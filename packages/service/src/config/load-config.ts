import { formatReason } from "../process/format-reason.ts";
import { redactUrls } from "../process/redact-urls.ts";
import { formatHelp } from "./format-help.ts";
import { readVariable } from "./read-variable.ts";
import type { ConfigValues, Variable, Variables } from "./variable.ts";

/** The configuration of a process: its name, its purpose and the variables that it reads. */
export interface ConfigSpec<V extends Variables> {
  readonly name: string;
  /** One sentence, shown by `--help`. */
  readonly about: string;
  readonly variables: V;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The source of the configuration. Default: the environment and arguments of this process. */
export interface ConfigInput {
  readonly env?: Environment;
  readonly argv?: readonly string[];
}

/**
 * Reads the variables of a process from its environment. Prints a table of them and exits with
 * status 0 when an argument is `--help`. Prints every invalid variable and exits with status 1 when
 * the environment is invalid.
 *
 * @example
 * const config = loadConfig({
 *   name: "fleet",
 *   about: "Vehicles and their holders.",
 *   variables: { ...serverVariables, ...databaseVariables, port: definePortVariable("PORT", 8082) },
 * });
 * config.port; // 8082, a number
 */
export function loadConfig<V extends Variables>(
  spec: ConfigSpec<V>,
  { env = process.env, argv = process.argv.slice(2) }: ConfigInput = {},
): ConfigValues<V> {
  if (argv.includes("--help") || argv.includes("-h")) {
    process.stdout.write(formatHelp(spec));
    process.exit(0);
  }
  const result = readConfig(spec, env);
  if (result.ok) return result.values;
  process.stderr.write(
    `${spec.name} cannot start: its environment is invalid:\n` +
      result.problems.map((problem) => `  ${problem}\n`).join("") +
      "Run it with --help to see all variables.\n",
  );
  return process.exit(1);
}

/** The values, or one sentence for each invalid variable. */
export type ConfigResult<V extends Variables> =
  | { readonly ok: true; readonly values: ConfigValues<V> }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads and validates every variable, as `readVariable` does. */
export function readConfig<V extends Variables>(
  { variables }: ConfigSpec<V>,
  env: Environment,
): ConfigResult<V> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries(variables)) {
    try {
      const text = readVariable(variable.name, env);
      const result = variable.schema.safeParse(text);
      if (result.success)
        values[key] = variable.rotates ? reread(variable, env, result.data) : result.data;
      else {
        const reason = result.error.issues[0]?.message ?? "it is invalid";
        problems.push(describeProblem(variable, text, reason));
      }
    } catch (error) {
      problems.push(`${formatReason(error)}.`);
    }
  }
  return isComplete(values, variables) ? { ok: true, values } : { ok: false, problems };
}

/** Returns the function that reads a rotating variable again, and keeps its last valid value. */
function reread(variable: Variable<unknown>, env: Environment, first: unknown): () => unknown {
  let read = first;
  return () => {
    try {
      const result = variable.schema.safeParse(readVariable(variable.name, env));
      if (result.success) read = result.data;
    } catch {
      // The file is being replaced.
    }
    return typeof read === "function" ? read() : undefined;
  };
}

// Every value was parsed by the schema of its own variable.
function isComplete<V extends Variables>(
  values: Readonly<Record<string, unknown>>,
  variables: V,
): values is ConfigValues<V> {
  return Object.keys(variables).every((key) => key in values);
}

function describeProblem(
  variable: Variable<unknown>,
  text: string | undefined,
  reason: string,
): string {
  const found =
    text === undefined
      ? "is not set"
      : `is ${variable.secret === true ? "set" : redactUrls(JSON.stringify(text))}, but ${reason}`;
  const advice =
    variable.example === undefined ? "" : `; for example ${variable.name}=${variable.example}`;
  return `${variable.name} ${found}. ${variable.about} Set it${advice}.`;
}
