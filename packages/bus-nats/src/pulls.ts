/**
 * Pulls keeps the books on what one consumer still owes us. The server serves its pull requests in
 * turns and says how one ends only when it expires, so a pull's own remainder is not known; their
 * sum is.
 */
export interface Pulls {
  /** How many messages the server may still send. */
  readonly outstanding: number;
  /** Notes a pull request and returns its id. */
  add(pull: { readonly count: number; readonly endsAt: number }): string;
  /** A message came. False when none was due. */
  arrived(): boolean;
  /** A pull ended early with `left` messages unsent; without it, all of them. Returns how many. */
  ended(id: string, left: number | undefined): number;
  /** Returns how many can no longer come, because every pull that they were part of is over. */
  expired(now: number): number;
  /** Forgets all pulls and returns how many messages they still owed. */
  clear(): number;
}

/** createPulls begins with no request open. */
export function createPulls(): Pulls {
  const open = new Map<string, { readonly count: number; readonly endsAt: number }>();
  let outstanding = 0;
  let made = 0;

  const give = (count: number) => {
    const given = Math.min(count, outstanding);
    outstanding -= given;
    if (outstanding === 0) open.clear();
    return given;
  };

  return {
    get outstanding() {
      return outstanding;
    },
    add(pull) {
      const id = (made++).toString(36);
      open.set(id, pull);
      outstanding += pull.count;
      return id;
    },
    arrived() {
      return give(1) === 1;
    },
    ended(id, left) {
      const pull = open.get(id);
      if (pull === undefined) return 0;
      open.delete(id);
      return give(left ?? pull.count);
    },
    expired(now) {
      let owed = 0;
      for (const [id, pull] of open) {
        if (pull.endsAt < now) open.delete(id);
        else owed += pull.count;
      }
      return give(Math.max(0, outstanding - owed));
    },
    clear() {
      return give(outstanding);
    },
  };
}
