import { BusError } from "../error.ts";

/**
 * The topics that this bus handles for each group. Each is handled by one subscription at a time: two
 * would handle events of a key at the same time.
 */
export interface TopicClaims {
  /**
   * Claims topics for a subscription, until the returned function is first called. Throws `already_bound` when
   * another subscription of the group has one of them.
   */
  claim(group: string, topics: Iterable<string>): () => void;
}

/** Creates an empty set of claims. */
export function createTopicClaims(): TopicClaims {
  const claimed = new Map<string, Set<string>>();
  return {
    claim(group, topics) {
      const ofGroup = claimed.get(group) ?? new Set();
      const added = [...topics];
      const taken = added.find((topic) => ofGroup.has(topic));
      if (taken !== undefined) {
        throw new BusError(
          "already_bound",
          `another subscription of this bus handles ${taken} for the group ${group}: raise its concurrency, or stop it and let its handlers end`,
        );
      }
      for (const topic of added) ofGroup.add(topic);
      claimed.set(group, ofGroup);
      return () => {
        for (const topic of added.splice(0)) ofGroup.delete(topic);
      };
    },
  };
}
