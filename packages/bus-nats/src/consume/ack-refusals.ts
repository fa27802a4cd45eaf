import type { BusError } from "@fanfare/bus";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import { toBusError } from "../connection/to-bus-error.ts";

/** Whether the server refuses the acknowledgements of one consumer: they have no reply that could say so. */
export interface AckRefusals {
  /** Why the last acknowledgement was refused; undefined once a later one was not. */
  readonly error: BusError | undefined;
  /** Records that an acknowledgement was sent. After a refusal, finds out whether it was refused as well. */
  recordSent(): void;
  close(): void;
}

/** Starts to watch the acknowledgements of a consumer. */
export function watchAckRefusals(
  connection: ManagedConnection,
  { stream, consumer }: { readonly stream: string; readonly consumer: string },
): AckRefusals {
  let error: BusError | undefined;
  let isProbing = false;
  const stopListening = connection.listen({
    onConnected() {
      error = undefined;
    },
    onPermissionDenied(violation) {
      const { subject } = violation;
      if (!subject.startsWith("$JS.ACK.") || !subject.includes(`.${stream}.${consumer}.`)) return;
      error = toBusError(violation, `cannot settle events of consumer ${consumer}`);
    },
  });

  /** The server reports a refusal before it answers a ping that follows. */
  const probe = async () => {
    const before = error;
    // The second answer arrives once whoever listens has been called with the refusal.
    for (const _ of [1, 2]) await connection.client()?.flush();
    if (error === before) error = undefined;
  };

  return {
    get error() {
      return error;
    },
    recordSent() {
      if (error === undefined || isProbing) return;
      isProbing = true;
      // A connection that is lost meanwhile is reported elsewhere.
      void probe()
        .catch(() => {})
        .finally(() => {
          isProbing = false;
        });
    },
    close: stopListening,
  };
}
