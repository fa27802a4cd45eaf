/** Returns the options of a call that carries an idempotency key. */
export function withIdempotencyKey(key: string): { headers: Record<string, string> } {
  return { headers: { "idempotency-key": key } };
}
