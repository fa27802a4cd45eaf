/** Lane is where an item queues: items of one lane never run at the same time. */
export interface InLane {
  readonly lane: string;
}

/** Lanes runs items: those of one lane in order, one after another; different lanes side by side. */
export interface KeyedQueue<T extends InLane> {
  readonly running: number;
  readonly waiting: number;
  add(item: T): void;
  /** How many items are parked. */
  readonly parked: number;
  /** How many wait behind parked ones. */
  readonly behind: number;
  /** Says that a started item is over: the next of its lane may run. */
  finish(item: T): void;
  /** Takes the place of a started item away, not its lane. */
  park(item: T): void;
  /** Resolves to true once a parked item has its place again, before others; to false at `clear`. */
  unpark(item: T): Promise<boolean>;
  /** Starts nothing until `proceed`. */
  suspend(): void;
  proceed(): void;
  /** Takes out what has not started, in the order of arrival within each lane. */
  clear(): T[];
}

/** createLanes calls `start` for at most `concurrency` items at a time; each stays until `finish`. */
export function createKeyedQueue<T extends InLane>(
  concurrency: number,
  start: (item: T) => void,
): KeyedQueue<T> {
  /** Occupied lanes, with who waits behind the item that runs or is ready. */
  const lanes = new Map<string, T[] | undefined>();
  let ready: T[] = [];
  const parked = new Set<T>();
  /** What is ready again, and who waits for its place. */
  const returning = new Map<T, (placed: boolean) => void>();
  let running = 0;
  let waiting = 0;
  let suspended = false;
  let starting = false;

  /** What is over as soon as it has started calls this again, from within. */
  function startReady(): void {
    if (starting) return;
    starting = true;
    while (running < concurrency) {
      const item = suspended ? undefined : ready.shift();
      if (item === undefined) break;
      running++;
      waiting--;
      if (parked.delete(item)) resume(item, true);
      else start(item);
    }
    starting = false;
  }

  function resume(item: T, placed: boolean): void {
    returning.get(item)?.(placed);
    returning.delete(item);
  }

  return {
    get running() {
      return running;
    },
    get waiting() {
      return waiting;
    },
    get parked() {
      return parked.size;
    },
    get behind() {
      let count = 0;
      for (const { lane } of parked) count += lanes.get(lane)?.length ?? 0;
      return count;
    },
    add(item) {
      waiting++;
      if (lanes.has(item.lane)) {
        const queue = lanes.get(item.lane);
        if (queue === undefined) lanes.set(item.lane, [item]);
        else queue.push(item);
        return;
      }
      lanes.set(item.lane, undefined);
      ready.push(item);
      startReady();
    },
    park(item) {
      parked.add(item);
      running--;
      startReady();
    },
    unpark(item) {
      return new Promise((resolve) => {
        returning.set(item, resolve);
        ready.unshift(item);
        waiting++;
        startReady();
      });
    },
    finish(item) {
      const { lane } = item;
      if (!parked.delete(item)) running--;
      const next = lanes.get(lane)?.shift();
      if (next === undefined) lanes.delete(lane);
      else ready.push(next);
      startReady();
    },
    suspend() {
      suspended = true;
    },
    proceed() {
      suspended = false;
      startReady();
    },
    clear() {
      const taken: T[] = [];
      for (const item of ready) {
        taken.push(item, ...(lanes.get(item.lane) ?? []));
        lanes.delete(item.lane);
        resume(item, false);
      }
      ready = [];
      for (const [lane, queue] of lanes) {
        if (queue !== undefined) taken.push(...queue);
        lanes.set(lane, undefined);
      }
      waiting = 0;
      return taken;
    },
  };
}
