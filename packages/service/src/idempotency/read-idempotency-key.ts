import { Code, ConnectError } from "@connectrpc/connect";

const header = "idempotency-key";

/**
 * Returns the `idempotency-key` header of a call. Throws a ConnectError `invalid_argument` unless it
 * has 1 to 255 characters.
 *
 * @example
 * const key = readIdempotencyKey(context);
 */
export function readIdempotencyKey(context: { readonly requestHeader: Headers }): string {
  const key = context.requestHeader.get(header)?.trim() ?? "";
  if (key !== "" && key.length <= 255) return key;
  throw new ConnectError(
    `this call requires the header ${header} with 1 to 255 characters: send one key per operation, and the same key with each retry`,
    Code.InvalidArgument,
  );
}
