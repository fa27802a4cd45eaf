/** An error whose message cannot be read. */
class ThrowingError extends Error {
  override readonly name = "ThrowingError";
  override get message(): string {
    throw new Error("no message");
  }
}

function revoke<T extends object>(target: T): T {
  const revocable = Proxy.revocable(target, {});
  revocable.revoke();
  return revocable.proxy;
}

/** Creates values that may be thrown, and that break code which expects an error. */
export function createOddReasons() {
  const cycle = new Error("one");
  cycle.cause = new Error("two", { cause: cycle });
  const property = new Error("a property");
  Object.defineProperty(property, "extra", {
    enumerable: true,
    get: () => {
      throw new Error("no property");
    },
  });
  const revoked = revoke({});
  return {
    nullPrototype: Object.assign(Object.create(null), { code: 7 }),
    revoked,
    revokedError: revoke(new Error("revoked")),
    throwing: new ThrowingError(),
    cycle,
    aggregate: new AggregateError([new Error("first"), revoked], "many"),
    cause: new Error("wrapped", { cause: revoked }),
    property,
  };
}
