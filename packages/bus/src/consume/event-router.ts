import type { DescMethod, DescService, Registry } from "@bufbuild/protobuf";
import { BusError } from "../error.ts";
import type { EventMethod } from "../event-method.ts";
import { checkTopic, isEvent, type Topic } from "../topic.ts";
import type { TopicCache } from "../topic-cache.ts";
import { parseTopicPattern } from "../topic-pattern.ts";
import type { AnyEventHandler, EventHandler, EventHandlers } from "./event-handler.ts";

/** Registers handlers, like ConnectRouter. A topic takes one handler. */
export interface EventRouter {
  /**
   * Binds each method of an event service for which `handlers` has a function. The function is called as
   * a method of its object, so `handlers` may be a class instance; its other fields are ignored, and so are
   * methods that are undefined or null. Throws `invalid_argument` when a field named like a method is
   * anything else.
   */
  service<S extends DescService>(service: S, handlers: EventHandlers<S>): void;
  /** Binds every method of the services to one handler. */
  all(services: readonly DescService[], handler: AnyEventHandler): void;
  /**
   * Binds one handler to the events of a registry's services whose topic matches a pattern: `*` stands
   * for one word, `>` at the end for one or more. Throws `invalid_argument` when no topic matches.
   */
  matching(pattern: string, registry: Registry, handler: AnyEventHandler): void;
}

/** A topic, its method and its handler. */
export interface Binding {
  readonly topic: Topic;
  readonly method: EventMethod;
  readonly handler: EventHandler;
}

/**
 * Runs `bind` and returns its bindings by topic. Throws `unknown_topic`, `already_bound`, and
 * `invalid_argument` when nothing is bound.
 */
export function collectBindings(
  topics: TopicCache,
  bind: (on: EventRouter) => void,
): ReadonlyMap<string, Binding> {
  const bindings = new Map<string, Binding>();

  function add(method: DescMethod, handler: EventHandler): void {
    checkTopic(method);
    const topic = topics.read(method);
    if (bindings.has(topic.name)) {
      throw new BusError(
        "already_bound",
        `the topic ${topic.name} has a handler already: bind it once`,
      );
    }
    bindings.set(topic.name, { topic, method, handler });
  }

  function addAny(method: DescMethod, handler: AnyEventHandler): void {
    checkTopic(method);
    checkHandler(method, handler);
    add(method, (message, delivery) => handler(message, delivery, method));
  }

  bind({
    service(service, handlers) {
      const given: unknown = handlers;
      if ((typeof given !== "object" && typeof given !== "function") || given === null) {
        throw new BusError(
          "invalid_argument",
          `expected an object with the handlers of ${service.typeName}, got ${given === null ? "null" : typeof given}`,
        );
      }
      for (const method of service.methods) {
        const handler: unknown = Reflect.get(given, method.localName);
        // Every object inherits toLocaleString and a few more, which handle nothing.
        const inherited: unknown = Reflect.get(Object.prototype, method.localName);
        if (handler === undefined || handler === null || handler === inherited) continue;
        add(method, checkHandler(method, handler).bind(given));
      }
    },
    all(services, handler) {
      for (const method of services.flatMap(({ methods }) => methods)) addAny(method, handler);
    },
    matching(pattern, registry, handler) {
      for (const method of findMatching(pattern, registry, topics)) addAny(method, handler);
    },
  });
  if (bindings.size === 0) {
    throw new BusError(
      "invalid_argument",
      "no handler is bound: call on.service with a function for at least one method",
    );
  }
  return bindings;
}

function findMatching(pattern: string, registry: Registry, topics: TopicCache): DescMethod[] {
  const matches = parseTopicPattern(pattern);
  const services = Array.from(registry).filter((desc) => desc.kind === "service");
  const events = services.flatMap(({ methods }) => methods).filter(isEvent);
  const matching = events.filter((method) => matches(topics.read(method).name));
  if (matching.length > 0) return matching;
  const names = events.map((method) => topics.read(method).name).join(", ");
  throw new BusError(
    "invalid_argument",
    `no topic matches "${pattern}": the registry declares ${names || "none"}`,
  );
}

function checkHandler(method: DescMethod, value: unknown): EventHandler {
  if (isHandler(value)) return value;
  throw new BusError(
    "invalid_argument",
    `the handler of ${method.parent.typeName}.${method.name} must be a function, got ${typeof value}`,
  );
}

/** The types have checked that the function takes this method's message. */
function isHandler(value: unknown): value is EventHandler {
  return typeof value === "function";
}
