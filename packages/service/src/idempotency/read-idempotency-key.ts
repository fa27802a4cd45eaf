import { Code, ConnectError } from "@connectrpc/connect";

const header = "idempotency-key";

/** readIdempotencyKey returns the call's idempotency-key header, or throws a ConnectError invalid_argument. */
export function readIdempotencyKey(context: { readonly requestHeader: Headers }): string {
  const key = context.requestHeader.get(header)?.trim() ?? "";
  if (key !== "" && key.length <= 255) return key;
  throw new ConnectError(
    `this call needs the header ${header}, of 1 to 255 characters: send one that names what is to happen once, and the same one in every repetition`,
    Code.InvalidArgument,
  );
}
