/**
 * The pull requests that are open at one consumer. The server serves them in turn and reports only the
 * end of each, so how many messages one request still expects is unknown; their sum is known.
 */
export interface PullRequests {
  /** How many messages the server may still send. */
  readonly outstanding: number;
  /** Adds a request and returns its id. */
  add(request: PullRequest): string;
  /** Records that a message arrived. Returns false when none was expected. */
  receive(): boolean;
  /**
   * Records that a request ended with `remaining` messages undelivered; all of them when undefined.
   * Returns how many.
   */
  end(id: string, remaining: number | undefined): number;
  /** Removes the requests whose end was not reported. Returns how many messages they still expected. */
  expire(now: number): number;
  /** Removes all requests. Returns how many messages they still expected. */
  clear(): number;
}

/** One pull request. */
export interface PullRequest {
  /** How many messages it requests. */
  readonly count: number;
  /** When it has ended at the latest, in milliseconds of `performance.now()`. */
  readonly endsAt: number;
}

/** Creates the pull requests of a consumer; none is open. */
export function createPullRequests(): PullRequests {
  const open = new Map<string, PullRequest>();
  let outstanding = 0;
  let nextId = 0;

  const take = (count: number) => {
    const taken = Math.min(count, outstanding);
    outstanding -= taken;
    if (outstanding === 0) open.clear();
    return taken;
  };

  return {
    get outstanding() {
      return outstanding;
    },
    add(request) {
      const id = (nextId++).toString(36);
      open.set(id, request);
      outstanding += request.count;
      return id;
    },
    receive() {
      return take(1) === 1;
    },
    end(id, remaining) {
      const request = open.get(id);
      if (request === undefined) return 0;
      open.delete(id);
      return take(remaining ?? request.count);
    },
    expire(now) {
      let expected = 0;
      for (const [id, request] of open) {
        if (request.endsAt < now) open.delete(id);
        else expected += request.count;
      }
      return take(Math.max(0, outstanding - expected));
    },
    clear() {
      return take(outstanding);
    },
  };
}
