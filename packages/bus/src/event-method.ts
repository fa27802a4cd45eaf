import type { DescMessage, DescMethodUnary } from "@bufbuild/protobuf";

/** A method of an event service. Its input is the event; its option names the topic. */
export type EventMethod<I extends DescMessage = DescMessage> = DescMethodUnary<I>;
