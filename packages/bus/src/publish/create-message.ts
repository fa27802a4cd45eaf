import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { BusError } from "../error.ts";
import type { EventMethod } from "../event-method.ts";

/** Creates the message of an event method. Throws `invalid_argument` when its fields do not fit. */
export function createMessage(method: EventMethod, init: MessageInitShape<DescMessage>): Message {
  try {
    return create(method.input, init);
  } catch (reason) {
    throw BusError.from(reason, "invalid_argument");
  }
}
