import { inspect } from "node:util";
import { escapeText } from "../text/escape-text.ts";
import { redactUrls } from "./redact-urls.ts";

const maxLength = 4_000;
/** The most errors that are looked at, and an end for cycles. */
const maxReasons = 8;
const unreadable = "a value without a readable form was thrown";

/**
 * Returns why something failed, in one line of at most 4,000 characters: the message of an error and, in
 * brackets, those of its causes and of the errors of an AggregateError that it does not already contain.
 * Shows no credentials of an address, and no character that `escapeText` escapes. Takes any value that may be thrown, and never throws.
 *
 * @example
 * formatReason(new Error("no answer", { cause: new Error("refused") })); // "no answer (refused)"
 */
export function formatReason(reason: unknown): string {
  const [head = "", ...inner] = Array.from(listReasons(reason), formatOne);
  const wrapped: string[] = [];
  for (const message of inner) {
    if (![head, ...wrapped].some((known) => known.includes(message))) wrapped.push(message);
  }
  const causes = wrapped.join("; ");
  const text = head !== "" && causes !== "" ? `${head} (${causes})` : head || causes;
  const line = escapeText(redactUrls(text || formatName(reason)));
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`.toWellFormed();
}

/** Lists a reason and what it wraps, the outermost first. */
function listReasons(reason: unknown): ReadonlySet<unknown> {
  const found = new Set<unknown>([reason]);
  for (const one of found) {
    for (const inner of [read(one, "cause"), ...readList(one, "errors")]) {
      if (inner !== undefined && found.size < maxReasons) found.add(inner);
    }
  }
  return found;
}

/** Returns the empty text for an error without a message. */
function formatOne(reason: unknown): string {
  if (typeof reason === "string") return reason;
  const message = read(reason, "message");
  if (typeof message === "string") return message;
  return isObject(reason) && hasErrorName(reason) ? "" : print(reason);
}

function formatName(reason: unknown): string {
  const name = read(reason, "name");
  return typeof name === "string" && name !== "" ? name : print(reason);
}

function hasErrorName(reason: object): boolean {
  const name = read(reason, "name");
  return typeof name === "string" && name.endsWith("Error");
}

/** Prints what has no message, without calling any of its code. */
function print(reason: unknown): string {
  if (reason === "") return "an empty text was thrown";
  try {
    return inspect(reason, { depth: 1, breakLength: Infinity, customInspect: false });
  } catch {
    return unreadable;
  }
}

/** Returns undefined for what is no object, and when a getter or a proxy throws. */
function read(target: unknown, property: string): unknown {
  try {
    return isObject(target) ? Reflect.get(target, property) : undefined;
  } catch {
    return undefined;
  }
}

function readList(target: unknown, property: string): readonly unknown[] {
  try {
    const list = read(target, property);
    return Array.isArray(list) ? list.slice(0, maxReasons) : [];
  } catch {
    return [];
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
