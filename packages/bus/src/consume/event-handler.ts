import type { DescMessage, DescService, Message, MessageShape } from "@bufbuild/protobuf";
import type { EventMethod } from "../event-method.ts";
import type { Delivery } from "./delivery.ts";

/**
 * A function that handles one event.
 *
 * - When it returns, or its promise resolves, the event is acknowledged.
 * - When it throws, the event is retried with backoff, and dead-lettered after `maxAttempts` failures.
 * - A PermanentError dead-letters the event at once.
 * - A DependencyUnavailableError means that something the handler needs is down: the subscription pauses
 *   until a retry succeeds, and no failure is counted.
 *
 * It should stop working when `delivery.signal` aborts.
 */
export type EventHandler<I extends DescMessage = DescMessage> = (
  message: MessageShape<I>,
  delivery: Delivery,
) => Promise<void> | void;

/** A function that handles the events of several methods, as an EventHandler does those of one. */
export type AnyEventHandler = (
  message: Message,
  delivery: Delivery,
  method: EventMethod,
) => Promise<void> | void;

/** An object with a handler for each event that a subscription takes: a literal or a class instance. */
export type EventHandlers<S extends DescService> = {
  readonly [K in keyof S["method"]]?: S["method"][K] extends EventMethod<infer I>
    ? EventHandler<I>
    : never;
};
