/** The most errors that one error may wrap before the search ends, also for a chain that is a loop. */
const maxErrors = 100;

/** The properties under which libraries keep the error that they wrap. */
const wrapped = ["cause", "errors", "original", "driverError"] as const;

/**
 * Visits an error and what it wraps, outermost first. Looks inside an error as long as `visit` returns
 * true for it. Values that are no objects are not visited. Takes any value that may be thrown.
 */
export function visitCauses(error: unknown, visit: (error: object) => boolean): void {
  const found = new Set<unknown>([error]);
  for (const one of found) {
    if (typeof one !== "object" || one === null || !visit(one)) continue;
    for (const name of wrapped) {
      for (const next of readList(one, name)) {
        if (found.size < maxErrors) found.add(next);
      }
    }
  }
}

function readList(error: object, name: string): readonly unknown[] {
  const value = readProperty(error, name);
  try {
    return Array.isArray(value) ? value.slice(0, maxErrors) : [value];
  } catch {
    return []; // A proxy that is revoked.
  }
}

/** Reads a property of an error of unknown origin, whose getter may throw. */
export function readProperty(error: object, name: string): unknown {
  try {
    return Reflect.get(error, name);
  } catch {
    return undefined;
  }
}

/** Reads a property that is a text; the empty text when it is none. */
export function readText(error: object, name: string): string {
  const value = readProperty(error, name);
  return typeof value === "string" ? value : "";
}
