type AnyClass = abstract new (...args: never[]) => object;

/**
 * Makes `instanceof` recognize the instances of every copy of a class. A process may load a package more
 * than once, each time with classes of its own; they agree on the brand, a symbol that all copies share.
 * Subclasses keep their own `instanceof`. Never throws, whatever is tested.
 *
 * @example
 * class NoteError extends Error {
 *   static {
 *     brandClass(NoteError, "notes.NoteError");
 *   }
 * }
 */
export function brandClass(branded: AnyClass, name: string): void {
  const brand = Symbol.for(name);
  Object.defineProperty(branded.prototype, brand, { value: true });
  Object.defineProperty(branded, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (typeof value !== "object" || value === null) return false;
      try {
        if (this === branded) return Reflect.get(value, brand) === true;
        return Reflect.apply(Function.prototype[Symbol.hasInstance], this, [value]);
      } catch {
        return false; // A revoked proxy throws on every access.
      }
    },
  });
}
