import type { GroupDeclaration, Lease, LeaseStream, RecordLoss, TopicProgress } from "../broker.ts";
import type { Clock } from "../kit/clock.ts";
import { createTimerSet } from "../kit/timer-set.ts";
import { type Backlog, createBacklog, type LeasedRecord } from "./backlog.ts";
import { createMemoryLease, type MemoryLease } from "./memory-lease.ts";
import type { TopicLog } from "./topic-log.ts";

/** A consumer group: it shares the records of its topics among the processes that lease them. */
export interface MemoryGroup {
  /** Adds the topics that the group does not have yet. */
  declare(declaration: GroupDeclaration): void;
  /** Opens the lease stream of one process. */
  lease(
    declaration: GroupDeclaration,
    receive: (lease: Lease) => void,
    onLost?: (loss: RecordLoss) => void,
  ): LeaseStream;
  /** Returns the group's progress with each of the topics. */
  progress(topics: readonly string[]): TopicProgress[];
  /** Delivers available records to the processes that requested some, in a microtask. */
  dispatch(): void;
  /**
   * Describes the topics with work that a running process has or could get; empty when idle.
   * `delayed` of the leased records wait for time to pass and do not count as work.
   */
  describeUnfinished(delayed: number): string[];
}

/** How many records a group delivers before other groups have their turn. */
const maxBurst = 64;

/** The lease stream of one process, as the group sees it. */
interface Consumer {
  readonly topics: ReadonlySet<string>;
  requested: number;
  onLost(loss: RecordLoss): void;
  deliver(backlog: Backlog, leased: LeasedRecord): void;
}

interface MemoryGroupOptions {
  readonly clock: Clock;
  readonly openLog: (topic: string) => TopicLog;
}

/** Creates a group without topics. */
export function createMemoryGroup(
  name: string,
  { clock, openLog }: MemoryGroupOptions,
): MemoryGroup {
  const backlogs: Backlog[] = [];
  /** In the order in which they get the next records: whoever got one moves to the end. */
  const consumers: Consumer[] = [];
  /** The losses that no process has reported yet. */
  const unreported: RecordLoss[] = [];
  let dispatching = false;

  /** Reports a loss to one process of the group, or to the next one. */
  function reportLoss(loss: RecordLoss): void {
    const consumer = consumers.find(({ topics }) => topics.has(loss.topic));
    if (consumer === undefined) unreported.push(loss);
    else consumer.onLost(loss);
  }

  function dispatch(): void {
    if (dispatching) return;
    dispatching = true;
    queueMicrotask(() => {
      let delivered = 0;
      while (delivered < maxBurst && deliverNext()) delivered++;
      dispatching = false;
      if (delivered === maxBurst) dispatch();
    });
  }

  /** Delivers one record to the next process. Returns false when there is no record or no request. */
  function deliverNext(): boolean {
    for (const consumer of consumers) {
      if (consumer.requested === 0) continue;
      for (const backlog of backlogs) {
        if (backlog.available === 0 || !consumer.topics.has(backlog.topic)) continue;
        const leased = backlog.lease();
        if (leased === undefined) continue;
        moveToEnd(backlogs, backlog);
        moveToEnd(consumers, consumer);
        consumer.deliver(backlog, leased);
        return true;
      }
    }
    return false;
  }

  return {
    declare({ topics, from }) {
      for (const topic of topics) {
        if (backlogs.some((backlog) => backlog.topic === topic)) continue;
        const onLost = (count: number) => reportLoss({ topic, count });
        backlogs.push(createBacklog(openLog(topic), { group: name, from, onLost }));
      }
    },
    lease({ topics, leaseDurationMs }, receive, onLost) {
      const expirations = createTimerSet<MemoryLease>(clock, leaseDurationMs, (lease) =>
        lease.expire(),
      );
      const consumer: Consumer = {
        topics: new Set(topics),
        requested: 0,
        onLost: (loss) => onLost?.(loss),
        deliver(backlog, leased) {
          consumer.requested--;
          const lease = createMemoryLease(leased, { backlog, clock, expirations, dispatch });
          receive(lease);
          // A lease that `receive` has settled needs no expiration.
          if (leased.isLeased) expirations.start(lease);
        },
      };

      consumers.push(consumer);
      for (const loss of unreported.splice(0)) reportLoss(loss);
      return {
        request(count) {
          consumer.requested += count;
          dispatch();
        },
        health: () => ({}),
        close() {
          const index = consumers.indexOf(consumer);
          if (index >= 0) consumers.splice(index, 1);
          return Promise.resolve();
        },
      };
    },
    progress: (topics) =>
      backlogs.filter(({ topic }) => topics.includes(topic)).map((backlog) => backlog.progress()),
    dispatch,
    describeUnfinished(delayed) {
      // A process with delayed records that requests no more has room again when their time has passed.
      const receptive = consumers.filter(({ requested }) => requested > 0 || delayed === 0);
      const consumed = new Set(receptive.flatMap(({ topics }) => [...topics]));
      const busy = backlogs.reduce((sum, { leased }) => sum + leased, 0) > delayed;
      return backlogs
        .filter(
          ({ topic, available, leased }) =>
            (busy && leased > 0) || (available > 0 && consumed.has(topic)),
        )
        .map(
          ({ topic, available, leased }) =>
            `${name} has ${leased} leased and ${available} available of ${topic}`,
        );
    },
  };
}

function moveToEnd<T>(list: T[], item: T): void {
  if (list.at(-1) === item) return;
  list.splice(list.indexOf(item), 1);
  list.push(item);
}
