import { BusError } from "@fanfare/bus";
import { checkAtLeast } from "@fanfare/bus/kit";
import type { NatsBrokerOptions } from "./nats-options.ts";
import { defaultStreamSettings, type StreamSettings } from "./streams/stream-settings.ts";
import { checkPrefix } from "./wire/subject.ts";

/** The options of a broker that its modules read, with their defaults filled in. */
export interface Settings {
  readonly prefix: string;
  readonly inboxPrefix: string;
  readonly requestTimeoutMs: number;
  readonly maxInFlight: number;
  readonly maxWaiting: number;
  readonly provision: boolean;
  readonly maxAckPending: number;
  readonly dedupeWindowMs: number;
  /** Returns the settings declared for the stream of a topic, without defaults. */
  getStreamSettings(topic: string): StreamSettings;
}

/** Checks the options and fills in the defaults. Throws `invalid_argument`. */
export function resolveSettings(options: NatsBrokerOptions): Settings {
  const { prefix = "fanfare", inboxPrefix = "_INBOX", streams = {}, topics = {} } = options;
  return {
    prefix: checkPrefix(prefix),
    inboxPrefix: checkInboxPrefix(inboxPrefix),
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    maxInFlight: checkAtLeast(1, "maxInFlight", options.maxInFlight ?? 4_096),
    maxWaiting: checkAtLeast(0, "maxWaiting", options.maxWaiting ?? 65_536),
    provision: options.provision ?? true,
    maxAckPending: options.maxAckPending ?? 65_536,
    dedupeWindowMs: streams.dedupeWindowMs ?? defaultStreamSettings.dedupeWindowMs,
    getStreamSettings: (topic) => ({ ...streams, ...topics[topic] }),
  };
}

/** Subjects are words joined by dots; a wildcard would subscribe to the replies of other users. */
function checkInboxPrefix(inboxPrefix: string): string {
  if (/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(inboxPrefix)) return inboxPrefix;
  throw new BusError(
    "invalid_argument",
    `inboxPrefix "${inboxPrefix}" is no subject: use words joined by dots, without spaces and wildcards`,
  );
}
