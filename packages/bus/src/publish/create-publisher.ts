import type { DescMessage, DescService, MessageInitShape } from "@bufbuild/protobuf";
import type { EventBus } from "../bus.ts";
import type { EventMethod } from "../event-method.ts";
import { checkTopic } from "../topic.ts";
import { createMessage } from "./create-message.ts";
import type { PublishOptions } from "./publish-options.ts";
import type { PublishResult } from "./publish-result.ts";

/** A typed publisher of an event service: one function for each of its methods. */
export type Publisher<S extends DescService> = {
  readonly [K in keyof S["method"]]: S["method"][K] extends EventMethod<infer I>
    ? (message: MessageInitShape<I>, options?: PublishOptions) => Promise<PublishResult>
    : never;
};

/**
 * Creates a publisher of an event service, as Connect's `createClient` creates a client. Throws
 * `unknown_topic` when a method of the service has no event option.
 *
 * @example
 * ```ts
 * const notes = createPublisher(NoteEvents, bus);
 * const { duplicate } = await notes.noteWritten({ author: "ada", number: 7 }, { id: "note/7" });
 * ```
 */
export function createPublisher<S extends DescService>(
  service: S,
  bus: Pick<EventBus, "publish">,
): Publisher<S> {
  const publisher: Record<string, PublishMethod> = {};
  for (const method of service.methods) {
    checkTopic(method);
    publisher[method.localName] = async (message, options) =>
      bus.publish(method, createMessage(method, message), options);
  }
  // Every method of the service has its function; the type states which message each accepts.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return publisher as Publisher<S>;
}

type PublishMethod = (
  message: MessageInitShape<DescMessage>,
  options?: PublishOptions,
) => Promise<PublishResult>;
