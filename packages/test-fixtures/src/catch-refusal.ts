import { ConnectError } from "@connectrpc/connect";

/** Returns the error that a call is refused with. Rejects when the call succeeds. */
export async function catchRefusal(call: Promise<unknown>): Promise<ConnectError> {
  return await call.then(
    () => {
      throw new Error("expected the call to be refused, but it succeeded");
    },
    (error: unknown) => ConnectError.from(error),
  );
}
