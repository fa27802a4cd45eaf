import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import type { EventMethod } from "../event-method.ts";
import type { PublishCall } from "../interceptor.ts";
import { checkTopic } from "../topic.ts";
import { createMessage } from "./create-message.ts";
import type { PublishOptions } from "./publish-options.ts";

/** An event for `publishAll`, as `createEvent` returns it. */
export interface NewEvent extends Pick<PublishCall, "method" | "message"> {
  /** Default: a random id, no attributes, no headers, the current time. */
  readonly options?: Pick<PublishOptions, "id" | "attributes" | "headers" | "time">;
}

/**
 * Creates an event for `publishAll`. Throws `unknown_topic` when the method has no event option, and
 * `invalid_argument` when the fields do not fit its message.
 *
 * @example
 * ```ts
 * const { noteWritten } = NoteEvents.method;
 * await bus.publishAll([
 *   createEvent(noteWritten, { author: "ada", number: 1 }, { id: "note/1" }),
 *   createEvent(noteWritten, { author: "ada", number: 2 }, { id: "note/2" }),
 * ]);
 * ```
 */
export function createEvent<I extends DescMessage>(
  method: EventMethod<I>,
  message: MessageInitShape<I>,
  options: NonNullable<NewEvent["options"]> = {},
): NewEvent {
  checkTopic(method);
  return { method, message: createMessage(method, message), options };
}
