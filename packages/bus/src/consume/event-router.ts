import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { AnyEventHandler, EventHandler, EventMethod, EventRouter } from "../bus.ts";
import { BusError } from "../error.ts";
import { checkTopic, isEvent, type Topic } from "../topic.ts";
import type { TopicBook } from "../topic-book.ts";
import { patternOf } from "../topic-pattern.ts";

/** Binding is a topic and who handles it. */
export interface Binding {
  readonly topic: Topic;
  readonly method: EventMethod;
  readonly handler: EventHandler;
}

/**
 * collectBindings runs `bind` and returns what it bound, by topic. Throws `unknown_topic`,
 * `already_bound`, and `invalid_argument` when nothing was bound.
 */
export function collectBindings(
  topics: TopicBook,
  bind: (on: EventRouter) => void,
): ReadonlyMap<string, Binding> {
  const bindings = new Map<string, Binding>();

  function add(method: DescMethod, handler: EventHandler): void {
    checkTopic(method);
    const topic = topics.read(method);
    if (bindings.has(topic.name)) {
      throw new BusError("already_bound", `the topic ${topic.name} is bound twice`);
    }
    bindings.set(topic.name, { topic, method, handler });
  }

  function addAny(method: DescMethod, handler: AnyEventHandler): void {
    checkTopic(method);
    add(method, (message, delivery) => handler(message, delivery, method));
  }

  bind({
    service(service, handlers) {
      for (const [localName, handler] of Object.entries<unknown>(handlers)) {
        if (handler === undefined) continue;
        const method = service.method[localName];
        if (method === undefined || !isHandler(handler)) {
          throw new BusError(
            "invalid_argument",
            `${service.typeName} has no event "${localName}" for a handler: its methods are ${Object.keys(service.method).join(", ")}`,
          );
        }
        add(method, handler);
      }
    },
    all(services, handler) {
      for (const method of services.flatMap(({ methods }) => methods)) addAny(method, handler);
    },
    matching(pattern, registry, handler) {
      const matches = patternOf(pattern);
      const declared = Array.from(registry).filter(
        (desc): desc is DescService => desc.kind === "service",
      );
      const events = declared.flatMap(({ methods }) => methods).filter(isEvent);
      const selected = events.filter((method) => matches(topics.read(method).name));
      if (selected.length === 0) {
        const names = events.map((method) => topics.read(method).name).join(", ");
        throw new BusError(
          "invalid_argument",
          `no topic matches "${pattern}": the registry declares ${names || "none"}`,
        );
      }
      for (const method of selected) addAny(method, handler);
    },
  });
  if (bindings.size === 0) {
    throw new BusError("invalid_argument", "nothing is bound: call on.service with a handler");
  }
  return bindings;
}

/** That the function takes this method's message, EventHandlers has checked. */
function isHandler(value: unknown): value is EventHandler {
  return typeof value === "function";
}
