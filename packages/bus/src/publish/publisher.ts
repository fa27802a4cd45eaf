import {
  create,
  type DescMessage,
  type DescService,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import type { EventBus, EventMethod, PublishOptions, PublishResult } from "../bus.ts";
import { BusError } from "../error.ts";
import { checkTopic } from "../topic.ts";
import type { NewEvent } from "./publish-all.ts";

/** Publisher has one function for each method of an event service. */
export type Publisher<S extends DescService> = {
  readonly [K in keyof S["method"]]: S["method"][K] extends EventMethod<infer I>
    ? (message: MessageInitShape<I>, options?: PublishOptions) => Promise<PublishResult>
    : never;
};

/**
 * createPublisher makes a publisher of an event service, as Connect's createClient makes a client.
 * Throws `unknown_topic` when one of the methods has no event option.
 */
export function createPublisher<S extends DescService>(
  service: S,
  bus: Pick<EventBus, "publish">,
): Publisher<S> {
  const publisher: Record<string, Publish> = {};
  for (const method of service.methods) {
    checkTopic(method);
    publisher[method.localName] = async (message, options) =>
      bus.publish(method, messageOf(method, message), options);
  }
  // Every method of the service has its function; the type says which message each takes.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return publisher as Publisher<S>;
}

/**
 * createEvent makes an event for `publishAll`. Throws `unknown_topic` when the method has no event option,
 * and `invalid_argument` for what is no message of it.
 */
export function createEvent<I extends DescMessage>(
  method: EventMethod<I>,
  message: MessageInitShape<I>,
  options: NonNullable<NewEvent["options"]> = {},
): NewEvent {
  checkTopic(method);
  return { method, message: messageOf(method, message), options };
}

function messageOf(method: EventMethod, init: MessageInitShape<DescMessage>): Message {
  try {
    return create(method.input, init);
  } catch (reason) {
    throw BusError.from(reason, "invalid_argument");
  }
}

type Publish = (
  message: MessageInitShape<DescMessage>,
  options?: PublishOptions,
) => Promise<PublishResult>;
