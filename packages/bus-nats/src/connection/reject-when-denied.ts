import { createDeferred } from "@fanfare/bus/kit";
import type { ManagedConnection } from "./managed-connection.ts";

/**
 * Settles as a request does, and rejects as soon as the server refuses its subject. For requests with many
 * replies: nats.js reports a refusal of one with a single reply by itself.
 */
export async function rejectWhenDenied<T>(
  connection: ManagedConnection,
  subject: string,
  request: Promise<T>,
): Promise<T> {
  const denied = createDeferred<never>();
  const stopListening = connection.listen({
    onPermissionDenied(violation) {
      if (violation.subject === subject) denied.reject(violation);
    },
  });
  try {
    return await Promise.race([request, denied.promise]);
  } finally {
    stopListening();
  }
}
