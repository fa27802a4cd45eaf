import type { z } from "zod";

/** VariableOptions say more of a variable. */
export interface VariableOptions {
  readonly about: string;
  /** A value that works, shown in errors and in --help. */
  readonly example?: string;
  /** Its value and its default are never printed. */
  readonly secret?: boolean;
}

/** Variable is one environment variable that a process reads. */
export interface Variable<T> extends VariableOptions {
  readonly name: string;
  readonly schema: z.ZodType<T>;
}

/** Variables are the variables of a process, by the names that its code uses. */
export type Variables = Readonly<Record<string, Variable<unknown>>>;

/** ConfigValues are what the variables of a process say. */
export type ConfigValues<V extends Variables> = {
  readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never;
};

/** variable declares an environment variable; its schema reads the text, and undefined when unset. */
export function defineVariable<T>(
  name: string,
  schema: z.ZodType<T>,
  about: string | VariableOptions,
): Variable<T> {
  return { name, schema, ...(typeof about === "string" ? { about } : about) };
}
