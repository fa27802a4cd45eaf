import type { DescMethod } from "@bufbuild/protobuf";
import { BusError } from "./error.ts";
import { readTopic, type Topic } from "./topic.ts";

/** The topics of the methods that one bus uses, each read once. */
export interface TopicCache {
  /**
   * Returns the method's topic. Throws `unknown_topic` without an event option, and `invalid_argument`
   * for a wrong one or when the topic has another message type already.
   */
  read(method: DescMethod): Topic;
}

/** Creates an empty cache. */
export function createTopicCache(): TopicCache {
  const byMethod = new WeakMap<DescMethod, Topic>();
  const typeNames = new Map<string, string>();
  return {
    read(method) {
      const known = byMethod.get(method);
      if (known !== undefined) return known;
      const topic = readTopic(method);
      const typeName = typeNames.get(topic.name) ?? topic.schema.typeName;
      if (typeName !== topic.schema.typeName) {
        throw new BusError(
          "invalid_argument",
          `the topic ${topic.name} has messages of type ${typeName}, but ${method.parent.typeName}.${method.name} publishes ${topic.schema.typeName}: give it another topic`,
        );
      }
      typeNames.set(topic.name, typeName);
      byMethod.set(method, topic);
      return topic;
    },
  };
}
