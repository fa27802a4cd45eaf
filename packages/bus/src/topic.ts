import {
  type DescField,
  type DescMessage,
  type DescMethod,
  getOption,
  hasOption,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import type { EventMethod } from "./bus.ts";
import { BusError } from "./error.ts";
import { event } from "./gen/fanfare/events/v1/options_pb.ts";

/** Topic is what a method's event option says, checked. */
export interface Topic {
  readonly name: string;
  readonly schema: DescMessage;
  /** The event's key; undefined when the topic has none, or when its field is unset or an empty string. */
  keyOf(message: Message): string | undefined;
}

const word = "[a-z0-9]+(?:[-_][a-z0-9]+)*";
const topicName = new RegExp(`^${word}(?:\\.${word})*$`);
const topicNameLimit = 200;

const keyTypes: ReadonlySet<ScalarType> = new Set([
  ScalarType.STRING,
  ScalarType.INT32,
  ScalarType.INT64,
  ScalarType.UINT32,
  ScalarType.UINT64,
  ScalarType.SINT32,
  ScalarType.SINT64,
  ScalarType.FIXED32,
  ScalarType.FIXED64,
  ScalarType.SFIXED32,
  ScalarType.SFIXED64,
]);

/**
 * readTopic reads the option `(fanfare.events.v1.event)` of a method. Without it the error is
 * `unknown_topic`; an option that makes no sense is `invalid_argument`.
 */
export function readTopic(method: DescMethod): Topic {
  const options = readOption(method);
  return {
    name: options.topic,
    schema: method.input,
    keyOf: options.key === "" ? () => undefined : keyReader(method, options.key),
  };
}

/** isEvent says whether a method has an event option. */
export function isEvent(method: DescMethod): boolean {
  return hasOption(method, event);
}

/** checkTopic reads a method's option for its errors alone. */
export function checkTopic(method: DescMethod): asserts method is EventMethod {
  readOption(method);
}

function readOption(method: DescMethod): { readonly topic: string; readonly key: string } {
  const where = `${method.parent.typeName}.${method.name}`;
  if (!hasOption(method, event)) {
    throw new BusError(
      "unknown_topic",
      `${where} has no topic: give the method the option (fanfare.events.v1.event)`,
    );
  }
  if (method.methodKind !== "unary") {
    throw new BusError("invalid_argument", `${where} streams: an event method must be unary`);
  }
  const { topic, key } = getOption(method, event);
  if (!topicName.test(topic) || topic.length > topicNameLimit) {
    throw new BusError(
      "invalid_argument",
      `${where} has the topic "${topic}": write lower-case words joined by dots, at most ${topicNameLimit} characters, such as "trips.completed"`,
    );
  }
  if (key !== "") keyField(method, key);
  return { topic, key };
}

function keyField(method: DescMethod, name: string): DescField & { fieldKind: "scalar" } {
  const field = method.input.fields.find((candidate) => candidate.name === name);
  if (field?.fieldKind === "scalar" && keyTypes.has(field.scalar)) return field;
  const reason = field === undefined ? "does not exist" : "is neither a string nor an integer";
  throw new BusError(
    "invalid_argument",
    `${method.parent.typeName}.${method.name} has the key "${name}", but ${method.input.typeName}.${name} ${reason}`,
  );
}

function keyReader(method: DescMethod, name: string): (message: Message) => string | undefined {
  const field = keyField(method, name);
  return (message) => {
    const value: unknown = Reflect.get(message, field.localName);
    if (typeof value === "string") return value === "" ? undefined : value;
    return typeof value === "number" || typeof value === "bigint" ? String(value) : undefined;
  };
}
