import { BusError } from "./error.ts";

const parts = /^(?:\*|[a-z0-9_-]+)(?:\.(?:\*|[a-z0-9_-]+))*(?:\.>)?$/;

/**
 * Returns a function that tests topics against a pattern: `*` stands for one word, `>` at the end for one
 * or more; `>` alone matches every topic. Throws `invalid_argument`.
 */
export function parseTopicPattern(pattern: string): (topic: string) => boolean {
  if (pattern === ">") return () => true;
  if (!parts.test(pattern)) {
    throw new BusError(
      "invalid_argument",
      `"${pattern}" is not a topic pattern: write words joined by dots, * for any one word, > at the end for one or more`,
    );
  }
  const source = pattern.replaceAll(".", "\\.").replaceAll("*", "[^.]+").replace(/>$/, ".+");
  const expression = new RegExp(`^${source}$`);
  return (topic) => expression.test(topic);
}
