import type { GroupDeclaration, Lease, LeaseStream, RecordLoss } from "@fanfare/bus";
import type { Msg } from "@nats-io/nats-core";
import type { ManagedConnection } from "../connection/managed-connection.ts";
import type { RequestMux } from "../connection/request-mux.ts";
import { createDeadline, withDeadline } from "../deadline.ts";
import { createFailureCount } from "../failures/failure-count.ts";
import { type ConsumerRecovery, createConsumerRecovery } from "../groups/consumer-recovery.ts";
import type { Groups } from "../groups/groups.ts";
import { createLossWatch, type LossWatch } from "../losses/loss-watch.ts";
import type { Settings } from "../settings.ts";
import { createHeaderDecoder } from "../wire/headers.ts";
import { formatConsumerName, formatStreamName } from "../wire/subject.ts";
import { encodeNak } from "./ack-protocol.ts";
import { type AckRefusals, watchAckRefusals } from "./ack-refusals.ts";
import { distributeRequests } from "./distribute-requests.ts";
import { createLease, type LeaseDeps } from "./lease.ts";
import { openPullSubscription, type PullSubscription } from "./pull-subscription.ts";

/** How long a pull request lasts while topics take turns, in milliseconds. */
const turnMs = 250;
/** The interval of the checks of subscriptions and consumers, in milliseconds. */
const checkIntervalMs = 5_000;

/** What a lease stream requires. */
export interface LeaseStreamDeps {
  readonly connection: ManagedConnection;
  readonly requests: RequestMux;
  readonly groups: Groups;
  readonly settings: Settings;
}

/** What receives the leases of a stream, and the losses of its group. */
export interface LeaseReceiver {
  receive(this: void, lease: Lease): void;
  readonly onLost: ((loss: RecordLoss) => void) | undefined;
}

/** The consumer of a group on one topic. */
interface TopicConsumer {
  readonly subscription: PullSubscription;
  readonly recovery: ConsumerRecovery;
  readonly losses: LossWatch;
  readonly refusals: AckRefusals;
}

/**
 * Opens this process's share of a group. Distributes the requested leases evenly over the consumers of
 * the group's topics. When fewer leases are requested than there are topics, the topics take turns.
 */
export function openLeaseStream(
  deps: LeaseStreamDeps,
  group: GroupDeclaration,
  { receive, onLost }: LeaseReceiver,
): LeaseStream {
  const { connection, requests, groups, settings } = deps;
  const { leaseDurationMs } = group;
  const decodeHeaders = createHeaderDecoder();
  // Failures are counted while the lease lasts.
  const countDeps = { connection, requests, settings, timeoutMs: leaseDurationMs / 2 };
  /** Requested leases that are not requested from any consumer yet. */
  let free = 0;
  let isScheduled = false;
  /** Turns in a row that delivered nothing. */
  let emptyTurns = 0;
  let closing: Promise<void> | undefined;

  const openTopic = (topic: string): TopicConsumer => {
    const stream = formatStreamName(settings.prefix, topic);
    const consumer = formatConsumerName(group.group);
    const tracker = groups.getAckTracker(group.group, topic);
    const refusals = watchAckRefusals(connection, { stream, consumer });
    const recovery = createConsumerRecovery(deps, group, topic);
    const losses = createLossWatch({
      connection,
      settings,
      group: group.group,
      topic,
      onLost: (count) => onLost?.({ topic, count }),
    });
    const leaseDeps: LeaseDeps = {
      connection,
      requests,
      leaseDurationMs,
      decodeHeaders,
      onSent: () => refusals.recordSent(),
      onAck: (sequence) => tracker.ack(sequence),
      onReturn: (sequence) => losses.countReturn(sequence),
      createFailureCount: ({ sequence, storedAt }) =>
        createFailureCount(countDeps, { group: group.group, topic, sequence, storedAt }),
    };
    const onMessage = (message: Msg) => {
      emptyTurns = 0;
      const lease = createLease(message, topic, leaseDeps);
      losses.countDelivery(lease.deliveries > 1 ? "repeated" : "first");
      if (tracker.isAcked(lease.record.sequence)) {
        free += 1;
        // When this ack is lost, the event is delivered and recognised once more.
        void lease.ack({ confirmed: false })?.catch(() => {});
      } else receive(lease);
      if (free > 0) schedule();
    };
    const onUnrequested = ({ reply }: Msg) => {
      if (reply === undefined) return;
      connection.client()?.publish(reply, encodeNak(0));
    };
    const subscription = openPullSubscription({
      connection,
      inboxPrefix: settings.inboxPrefix,
      stream,
      consumer,
      onMessage,
      onUnrequested,
      onConsumerMissing: () => recovery.restore(),
      onReturned(count) {
        free += count;
        schedule();
      },
    });
    losses.check();
    return { subscription, recovery, losses, refusals };
  };

  const schedule = () => {
    if (isScheduled || closing !== undefined) return;
    isScheduled = true;
    queueMicrotask(sendRequests);
  };

  const sendRequests = () => {
    isScheduled = false;
    if (closing !== undefined || free === 0) return;
    // The usual case, a group of one topic, after each event.
    const [first] = consumers;
    if (consumers.length === 1 && free < (first?.subscription.outstanding ?? 0)) return;
    const ready = consumers.filter(({ subscription }) => subscription.isReady);
    if (ready.length === 0) return;
    const outstanding = ready.map(({ subscription }) => subscription.outstanding);
    const total = outstanding.reduce((sum, each) => sum + each, free);
    if (total < ready.length) return takeTurns(ready);
    for (const [index, count] of distributeRequests(free, outstanding).entries()) {
      // Waits while the larger part is still outstanding, so that many small requests become one.
      if (count === 0 || count < (outstanding[index] ?? 0)) continue;
      free -= count;
      ready[index]?.subscription.request(count);
    }
  };

  /** Requests what is pending now, topic after topic. When no topic has any, waits a turn at each. */
  const takeTurns = (ready: readonly TopicConsumer[]) => {
    for (const consumer of ready) {
      if (free === 0) return;
      if (consumer.subscription.outstanding > 0) continue;
      consumers.push(...consumers.splice(consumers.indexOf(consumer), 1));
      free -= 1;
      consumer.subscription.request(1, emptyTurns < consumers.length ? 0 : turnMs);
      emptyTurns += 1;
    }
  };

  const consumers: TopicConsumer[] = [];
  consumers.push(...group.topics.map(openTopic));
  const checks = setInterval(() => {
    for (const { subscription, recovery, losses } of consumers) {
      subscription.check();
      recovery.confirm();
      losses.check();
    }
  }, checkIntervalMs);
  checks.unref();

  const closeAll = async () => {
    clearInterval(checks);
    for (const { refusals } of consumers) refusals.close();
    const closed = Promise.all(
      consumers.flatMap(({ subscription, losses }) => [subscription.close(), losses.close()]),
    );
    const deadline = createDeadline(settings.requestTimeoutMs);
    await withDeadline(closed, deadline, `cannot close the leases of group ${group.group}`);
  };

  return {
    request(count) {
      free += count;
      schedule();
    },
    health() {
      const { connected, lastError } = connection.health();
      const failed = consumers.find(({ subscription }) => subscription.error !== undefined);
      const refused = consumers.find(({ refusals }) => refusals.error !== undefined);
      const own = failed?.recovery.error ?? failed?.subscription.error ?? refused?.refusals.error;
      const error = connected ? own : lastError;
      return error === undefined ? {} : { error };
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}
