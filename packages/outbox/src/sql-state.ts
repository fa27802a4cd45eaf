/** sqlStateOf is the code of a driver's error, or undefined for what is none. */
export function sqlStateOf(reason: unknown): string | undefined {
  if (!(reason instanceof Error && "code" in reason)) return undefined;
  return typeof reason.code === "string" ? reason.code : undefined;
}
