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
