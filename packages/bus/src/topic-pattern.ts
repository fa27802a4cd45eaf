import { BusError } from "./error.ts";

const parts = /^(?:\*|[a-z0-9_-]+)(?:\.(?:\*|[a-z0-9_-]+))*(?:\.>)?$/;

/**
 * patternOf says of a topic whether a pattern selects it: `*` stands for one word, and `>` at the end
 * for all that follow, one at least; alone it selects everything. Throws `invalid_argument`.
 */
export function patternOf(pattern: string): (topic: string) => boolean {
  if (pattern === ">") return () => true;
  if (!parts.test(pattern)) {
    throw new BusError(
      "invalid_argument",
      `"${pattern}" is no pattern of topics: write words joined by dots, * for any one of them, > for all that follow`,
    );
  }
  const source = pattern.replaceAll(".", "\\.").replaceAll("*", "[^.]+").replace(/>$/, ".+");
  const expression = new RegExp(`^${source}$`);
  return (topic) => expression.test(topic);
}
