import {
  type DescField,
  type DescMessage,
  type DescMethod,
  getOption,
  hasOption,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { BusError } from "./error.ts";
import type { EventMethod } from "./event-method.ts";
import { event } from "./gen/fanfare/events/v1/options_pb.ts";

/** The topic of an event method, from its option `(fanfare.events.v1.event)`. */
export interface Topic {
  readonly name: string;
  readonly schema: DescMessage;
  /** Returns the event's key: undefined when the topic has none, or when the key's field is unset or "". */
  readKey(message: Message): string | undefined;
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
 * Reads a method's topic from its option `(fanfare.events.v1.event)`. Throws `unknown_topic` without the
 * option, `invalid_argument` when the option or the method is wrong.
 *
 * @example
 * const topic = readTopic(NoteEvents.method.noteWritten);
 * console.log(topic.name); // notes.written
 */
export function readTopic(method: DescMethod): Topic {
  const options = readOption(method);
  return {
    name: options.topic,
    schema: method.input,
    readKey: options.key === "" ? () => undefined : createKeyReader(method, options.key),
  };
}

/** Returns whether a method has an event option. */
export function isEvent(method: DescMethod): boolean {
  return hasOption(method, event);
}

/**
 * Checks that a method is an event method. Throws what `readTopic` throws.
 *
 * @example
 * for (const method of NoteEvents.methods) checkTopic(method);
 */
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
    throw new BusError(
      "invalid_argument",
      `${where} is a streaming method: an event method must be unary`,
    );
  }
  const { topic, key } = getOption(method, event);
  // Names of streams double each "_", and have at most 255 characters with their prefix.
  const length = topic.replaceAll("_", "__").length;
  if (!topicName.test(topic) || length > topicNameLimit) {
    throw new BusError(
      "invalid_argument",
      `${where} has the topic "${topic}": use lower-case words joined by dots, at most ${topicNameLimit} characters where "_" counts twice, such as "trips.completed"`,
    );
  }
  if (key !== "") findKeyField(method, key);
  return { topic, key };
}

function findKeyField(method: DescMethod, name: string): DescField & { fieldKind: "scalar" } {
  const field = method.input.fields.find((candidate) => candidate.name === name);
  if (field?.fieldKind === "scalar" && keyTypes.has(field.scalar)) return field;
  const reason = field === undefined ? "does not exist" : "is neither a string nor an integer";
  throw new BusError(
    "invalid_argument",
    `${method.parent.typeName}.${method.name} has the key "${name}", but ${method.input.typeName}.${name} ${reason}`,
  );
}

function createKeyReader(
  method: DescMethod,
  name: string,
): (message: Message) => string | undefined {
  const field = findKeyField(method, name);
  return (message) => {
    const value: unknown = Reflect.get(message, field.localName);
    if (typeof value === "string") return value === "" ? undefined : value;
    return typeof value === "number" || typeof value === "bigint" ? String(value) : undefined;
  };
}
