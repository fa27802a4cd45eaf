import type { GroupDeclaration, Lease, LeaseStream, TopicProgress } from "../broker.ts";
import type { Clock } from "../kit/clock.ts";
import { createCountdown } from "../kit/countdown.ts";
import { type Backlog, createBacklog, type Taken } from "./backlog.ts";
import type { TopicLog } from "./topic-log.ts";

/** MemoryGroup shares the records of its topics out among the processes that lease them. */
export interface MemoryGroup {
  /** Adds the topics that the group does not have yet. */
  declare(declaration: GroupDeclaration): void;
  lease(declaration: GroupDeclaration, receive: (lease: Lease) => void): LeaseStream;
  progress(topics: readonly string[]): TopicProgress[];
  /** Hands out what is due. */
  wake(): void;
  /**
   * What running processes have, or could have, to do; empty when there is nothing. So much of what is
   * handed out is `resting`.
   */
  unfinished(resting: number): string[];
}

/** How many records a group hands out before others have their turn. */
const turnLength = 64;

interface Hand {
  readonly topics: ReadonlySet<string>;
  wanted: number;
  give(backlog: Backlog, taken: Taken): void;
}

export function createMemoryGroup(
  name: string,
  { clock, logOf }: { readonly clock: Clock; readonly logOf: (topic: string) => TopicLog },
): MemoryGroup {
  const backlogs: Backlog[] = [];
  /** In the order in which they are served: whoever was served last comes last. */
  const hands: Hand[] = [];
  let awake = false;

  function wake(): void {
    if (awake) return;
    awake = true;
    queueMicrotask(() => {
      let served = 0;
      while (served < turnLength && serve()) served++;
      awake = false;
      if (served === turnLength) wake();
    });
  }

  /** Hands one record to the process whose turn it is; false when there is none, or nobody to take it. */
  function serve(): boolean {
    for (const hand of hands) {
      if (hand.wanted === 0) continue;
      for (const backlog of backlogs) {
        if (backlog.due === 0 || !hand.topics.has(backlog.topic)) continue;
        const taken = backlog.take();
        if (taken === undefined) continue;
        moveLast(backlogs, backlog);
        moveLast(hands, hand);
        hand.give(backlog, taken);
        return true;
      }
    }
    return false;
  }

  return {
    declare({ topics, from }) {
      for (const topic of topics) {
        if (backlogs.some((backlog) => backlog.topic === topic)) continue;
        backlogs.push(createBacklog(logOf(topic), { group: name, from }));
      }
    },
    lease({ topics, leaseDurationMs }, receive) {
      const expiring = createCountdown<{ expire(): void }>(clock, leaseDurationMs, (lease) =>
        lease.expire(),
      );
      const hand: Hand = {
        topics: new Set(topics),
        wanted: 0,
        give(backlog, taken) {
          hand.wanted--;
          const lease = createLease(backlog, taken);
          receive(lease);
          // What was settled at once has nothing to expire.
          if (taken.isOut) expiring.start(lease);
        },
      };

      function createLease(backlog: Backlog, taken: Taken): Lease & { expire(): void } {
        function end(then: () => void): undefined {
          expiring.stop(lease);
          if (backlog.letGo(taken)) then();
        }
        function again(): void {
          backlog.again(taken);
          wake();
        }
        const lease = {
          record: taken.record,
          deliveries: taken.times,
          ack: () => end(() => backlog.settle(taken)),
          nak({ delayMs }: { readonly delayMs: number }) {
            end(() => void (delayMs > 0 ? clock.schedule(delayMs, again) : again()));
            return Promise.resolve();
          },
          extend() {
            if (taken.isOut) expiring.start(lease);
            return Promise.resolve();
          },
          expire: () => end(again),
        };
        return lease;
      }

      hands.push(hand);
      return {
        request(count) {
          hand.wanted += count;
          wake();
        },
        health: () => ({}),
        close() {
          const index = hands.indexOf(hand);
          if (index >= 0) hands.splice(index, 1);
          return Promise.resolve();
        },
      };
    },
    progress: (topics) =>
      backlogs.filter(({ topic }) => topics.includes(topic)).map((backlog) => backlog.progress()),
    wake,
    unfinished(resting) {
      const served = new Set(hands.flatMap(({ topics }) => [...topics]));
      const busy = backlogs.reduce((sum, { out }) => sum + out, 0) > resting;
      return backlogs
        .filter(({ topic, due, out }) => (busy && out > 0) || (due > 0 && served.has(topic)))
        .map(({ topic, due, out }) => `${name} has ${out} leased and ${due} due of ${topic}`);
    },
  };
}

function moveLast<T>(list: T[], item: T): void {
  if (list.at(-1) === item) return;
  list.splice(list.indexOf(item), 1);
  list.push(item);
}
