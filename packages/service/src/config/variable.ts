import type { z } from "zod";

/** The description of a variable, for errors and for `--help`. */
export interface VariableOptions {
  readonly about: string;
  /** A valid value, shown in errors and in `--help`. */
  readonly example?: string;
  /** Keeps the value and the default out of every output. */
  readonly secret?: boolean;
}

/** An environment variable that a process reads. */
export interface Variable<T> extends VariableOptions {
  readonly name: string;
  readonly schema: z.ZodType<T>;
  /** Whether the value is a function that reads the variable again. */
  readonly rotates?: boolean;
}

/** The variables of a process, by the names that its code uses. */
export type Variables = Readonly<Record<string, Variable<unknown>>>;

/** The parsed values of a process's variables. */
export type ConfigValues<V extends Variables> = {
  readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never;
};

/**
 * Defines an environment variable. The schema parses its text, or `undefined` when it is unset.
 *
 * @example
 * import { z } from "zod";
 *
 * const retention = defineVariable("RETENTION_DAYS", z.coerce.number().int().min(1).default(30), {
 *   about: "Days that records are kept.",
 *   example: "30",
 * });
 */
export function defineVariable<T>(
  name: string,
  schema: z.ZodType<T>,
  about: string | VariableOptions,
): Variable<T> {
  return { name, schema, ...(typeof about === "string" ? { about } : about) };
}

/**
 * Defines an environment variable that may change while the process runs, such as a password: its value
 * is a function that reads the file of the variable again. While the file is missing or invalid, the
 * function returns the last valid value.
 *
 * @example
 * import { z } from "zod";
 *
 * const apiKey = defineRotatingVariable("API_KEY", z.string().min(1), {
 *   about: "Key of the payment provider.",
 *   secret: true,
 * });
 */
export function defineRotatingVariable<T>(
  name: string,
  schema: z.ZodType<T>,
  about: string | VariableOptions,
): Variable<() => T> {
  const variable = defineVariable(
    name,
    schema.transform((value) => () => value),
    about,
  );
  return { ...variable, rotates: true };
}
