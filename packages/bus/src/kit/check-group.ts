import { BusError } from "../error.ts";

const groupName = /^[a-z0-9]+(?:[-_][a-z0-9]+)*$/;
const groupNameLimit = 64;

/**
 * Returns the name of a group. Throws `invalid_argument` for a name that some broker cannot use.
 *
 * @example
 * const group = checkGroup("price-watch_2");
 */
export function checkGroup(group: string): string {
  if (groupName.test(group) && group.length <= groupNameLimit) return group;
  throw new BusError(
    "invalid_argument",
    `"${group}" is not a group name: use lower-case letters and digits, joined by - or _, at most ${groupNameLimit} characters`,
  );
}
