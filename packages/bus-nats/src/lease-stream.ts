import type { GroupDeclaration, Lease, LeaseStream } from "@fanfare/bus";
import type { Msg } from "@nats-io/nats-core";
import { type Channel, openChannel } from "./channel.ts";
import type { Groups } from "./groups.ts";
import { createHeaderDecoder } from "./headers.ts";
import { type Keeper, openKeeper } from "./keeper.ts";
import { createLease, parsePlace, refusal } from "./lease.ts";
import type { Link } from "./link.ts";
import type { Replies } from "./replies.ts";
import type { Settings } from "./settings.ts";
import { consumerName, streamName } from "./subject.ts";
import { within } from "./until.ts";

/** How long a topic may hold a place that others wait for, in milliseconds. */
const turnMs = 250;

type KeptChannel = Channel & { readonly keeper: Keeper };

/** LeaseStreamDeps is what the leases of a group stand on. */
export interface LeaseStreamDeps {
  readonly link: Link;
  readonly replies: Replies;
  readonly groups: Groups;
  readonly settings: Settings;
}

/**
 * openLeaseStream shares what is requested out among the consumers of a group's topics: to the one
 * that has the least first. When there are fewer places than topics they take turns.
 */
export function openLeaseStream(
  deps: LeaseStreamDeps,
  group: GroupDeclaration,
  receive: (lease: Lease) => void,
): LeaseStream {
  const { link, replies, groups, settings } = deps;
  const decodeHeaders = createHeaderDecoder();
  let free = 0;
  let closing: Promise<void> | undefined;
  let scheduled = false;
  let emptyTurns = 0;

  const open = (topic: string): KeptChannel => {
    const place = groups.place(group.group, topic);
    const acknowledged = (sequence: number) => place.acknowledged(sequence);
    const refusals = (sequence: number) => place.refusals(sequence);
    const leaseDeps = {
      link,
      replies,
      leaseDurationMs: group.leaseDurationMs,
      decodeHeaders,
      acknowledged,
      refusals,
    };
    const refuse = ({ reply }: Msg) => {
      if (reply === undefined) return;
      place.refused(parsePlace(reply).sequence);
      link.connection()?.publish(reply, refusal(0));
    };
    const keeper = openKeeper(deps, group, topic);
    const channel = openChannel({
      link,
      inboxPrefix: settings.inboxPrefix,
      stream: streamName(settings.prefix, topic),
      consumer: consumerName(group.group),
      receive(message) {
        emptyTurns = 0;
        const lease = createLease(message, topic, leaseDeps);
        if (place.isRepeat(lease.record.sequence)) {
          free += 1;
          // When this gets lost the event comes again, and is known again.
          void lease.ack({ confirmed: false })?.catch(() => {});
        } else receive(lease);
        if (free > 0) schedule();
      },
      refuse,
      missing: () => keeper.restore(),
      returned(count) {
        free += count;
        schedule();
      },
    });
    return Object.assign(channel, { keeper });
  };

  const schedule = () => {
    if (scheduled || closing !== undefined) return;
    scheduled = true;
    queueMicrotask(share);
  };

  const share = () => {
    scheduled = false;
    if (closing !== undefined || free === 0) return;
    // A group of one topic asks after each event.
    if (channels.length === 1 && free < (channels[0]?.outstanding ?? 0)) return;
    const ready = channels.filter((channel) => channel.ready);
    if (ready.length === 0) return;
    const total = ready.reduce((sum, channel) => sum + channel.outstanding, free);
    if (total < ready.length) return takeTurns(ready);
    const shares = new Map(ready.map((channel) => [channel, 0]));
    for (let left = free; left > 0; left -= 1) {
      const poorest = ready.reduce((a, b) => (holds(b, shares) < holds(a, shares) ? b : a));
      shares.set(poorest, (shares.get(poorest) ?? 0) + 1);
    }
    for (const [channel, count] of shares) {
      // While the server holds the larger part, asking waits: many small requests become one.
      if (count === 0 || count < channel.outstanding) continue;
      free -= count;
      channel.pull(count);
    }
  };

  /** Asks each topic for what is there now; when none has anything, waits a turn at each. */
  const takeTurns = (ready: readonly KeptChannel[]) => {
    for (const channel of ready) {
      if (free === 0) return;
      if (channel.outstanding > 0) continue;
      channels.push(...channels.splice(channels.indexOf(channel), 1));
      free -= 1;
      channel.pull(1, emptyTurns < channels.length ? 0 : turnMs);
      emptyTurns += 1;
    }
  };

  const channels: KeptChannel[] = [];
  channels.push(...group.topics.map(open));
  const checking = setInterval(() => {
    for (const channel of channels) {
      channel.check();
      channel.keeper.check();
    }
  }, 5_000);
  checking.unref();

  const hangUp = async () => {
    clearInterval(checking);
    const over = Promise.all(channels.map((channel) => channel.close()));
    const deadlineAt = Date.now() + settings.requestTimeoutMs;
    await within(over, `closing the leases of group ${group.group}`, { deadlineAt });
  };

  return {
    request(count) {
      free += count;
      schedule();
    },
    health() {
      const { connected, lastError } = link.health();
      const ill = channels.find((channel) => channel.error !== undefined);
      const error = connected ? (ill?.keeper.error ?? ill?.error) : lastError;
      return error === undefined ? {} : { error };
    },
    close() {
      closing ??= hangUp();
      return closing;
    },
  };
}

function holds(channel: Channel, shares: ReadonlyMap<Channel, number>): number {
  return channel.outstanding + (shares.get(channel) ?? 0);
}
