import { inspect } from "node:util";
import { listCauses } from "./list-causes.ts";

const maxLength = 4_000;
const maxCauses = 8;
/** Names that add nothing to a message. */
const plainNames = new Set(["Error", "BusError", "PermanentError", "DependencyUnavailableError"]);

/**
 * Returns readable text for anything that was thrown: the name and message of an error and, in brackets,
 * those of its causes and of the errors of an AggregateError; at most 4,000 characters. Never throws.
 *
 * @example
 * describeReason(new Error("no answer", { cause: new Error("refused") })); // "no answer (refused)"
 */
export function describeReason(reason: unknown): string {
  const [head = "", ...causes] = new Set(listCauses(reason).map(describeOne));
  const added = causes.filter((each) => !isShown(each, head)).slice(0, maxCauses);
  const text = added.length === 0 ? head : `${head} (${added.join("; ")})`;
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`.toWellFormed();
}

/** A wrapper often ends with the message of what it wraps, or is made of its whole description. */
function isShown(cause: string, head: string): boolean {
  if (head.includes(`: ${cause}`)) return true;
  const list = head.endsWith(")") ? `; ${head.slice(0, -1).replace(" (", "; ")};` : "";
  return list.includes(`; ${cause};`);
}

function describeOne(reason: unknown): string {
  if (typeof reason === "string") return reason === "" ? "an empty string was thrown" : reason;
  if (typeof reason !== "object" || reason === null) return print(reason);
  const message = read(reason, "message");
  const name = read(reason, "name");
  const hasName = typeof name === "string" && name !== "";
  if (typeof message !== "string" || message === "") return hasName ? name : print(reason);
  return hasName && !plainNames.has(name) ? `${name}: ${message}` : message;
}

/** Returns undefined when a getter, or a proxy, throws. */
function read(target: object, property: string): unknown {
  try {
    return Reflect.get(target, property);
  } catch {
    return undefined;
  }
}

/** Prints what has no message, without calling any of its code. */
function print(reason: unknown): string {
  try {
    return inspect(reason, { depth: 1, breakLength: Infinity, customInspect: false });
  } catch {
    return "something without a string form was thrown";
  }
}
