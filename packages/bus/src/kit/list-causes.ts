/** The most errors that are looked at: more than any client wraps, and an end for cycles. */
const limit = 32;

/**
 * Returns a reason and everything that it wraps, as `cause` or in `errors`, at any depth: the outermost
 * first, at most 32. Never throws, whatever the reason is.
 *
 * @example
 * const reason = new Error("cannot publish", { cause: new TypeError("no stream") });
 * console.log(listCauses(reason).some((one) => one instanceof TypeError)); // true
 */
export function listCauses(reason: unknown): readonly unknown[] {
  const found = new Set<unknown>([reason]);
  for (const one of found) {
    for (const inner of listInner(one)) {
      if (found.size >= limit) return [...found];
      found.add(inner);
    }
  }
  return [...found];
}

/** A getter or a proxy may throw. */
function listInner(reason: unknown): readonly unknown[] {
  if (typeof reason !== "object" || reason === null) return [];
  const inner: unknown[] = [];
  try {
    if ("cause" in reason && reason.cause !== undefined) inner.push(reason.cause);
    if ("errors" in reason && Array.isArray(reason.errors)) {
      inner.push(...reason.errors.slice(0, limit));
    }
  } catch {
    // What was read so far counts.
  }
  return inner;
}
