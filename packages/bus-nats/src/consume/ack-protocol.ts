import { BusError } from "@fanfare/bus";

const encode = (text: string) => new TextEncoder().encode(text);

/** The payload that acknowledges a message. */
export const ackPayload = encode("+ACK");

/** The payload that restarts the acknowledgement timeout of a message. */
export const inProgressPayload = encode("+WPI");

/** Encodes the payload that returns a message, to be redelivered after the delay. */
export function encodeNak(delayMs: number): Uint8Array {
  return encode(delayMs > 0 ? `-NAK {"delay": ${Math.round(delayMs * 1e6)}}` : "-NAK");
}

/** What the server writes about a delivery into its reply subject. */
export interface DeliveryInfo {
  /** How often the message was delivered, this time included. */
  readonly deliveries: number;
  /** The sequence of the message in its stream. */
  readonly sequence: number;
  /** When the message was stored, in milliseconds since the Unix epoch. */
  readonly storedAt: number;
}

/**
 * Parses the subject on which a message is acknowledged:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<nanoseconds>.<pending>`,
 * with domain and account before the stream in its longer form. Throws `internal` for other subjects.
 */
export function parseAckSubject(subject: string): DeliveryInfo {
  const parts = subject.split(".");
  const start = parts.length === 9 ? 4 : 6;
  const deliveries = Number(parts[start]);
  const sequence = Number(parts[start + 1]);
  if (!subject.startsWith("$JS.ACK.") || Number.isNaN(deliveries) || Number.isNaN(sequence)) {
    throw new BusError("internal", `expected a message from JetStream, got reply "${subject}"`);
  }
  return { deliveries, sequence, storedAt: Math.floor(Number(parts[start + 3] ?? 0) / 1e6) };
}
