import type { DescMethod } from "@bufbuild/protobuf";
import { BusError } from "./error.ts";
import { readTopic, type Topic } from "./topic.ts";

/** TopicBook reads the topic of each method once, and sees that one topic has one message type. */
export interface TopicBook {
  /** Throws `unknown_topic` and `invalid_argument`. */
  read(method: DescMethod): Topic;
}

export function createTopicBook(): TopicBook {
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
          `${method.parent.typeName}.${method.name} publishes ${topic.schema.typeName} under ${topic.name}, which has ${typeName}: one topic has one message type`,
        );
      }
      typeNames.set(topic.name, typeName);
      byMethod.set(method, topic);
      return topic;
    },
  };
}
