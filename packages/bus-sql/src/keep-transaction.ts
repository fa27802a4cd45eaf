import { BusError } from "@fanfare/bus";
import { type KyselyPlugin, RawNode, type RootOperationNode } from "kysely";

/** What begins or ends a transaction; `rollback to` a savepoint does neither. */
const ends =
  /(?:^|;)\s*(?:begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b))\b/i;

/**
 * keepTransaction refuses, before it is sent, the SQL by which a handler would commit or roll back
 * the transaction that it was given: with it, the record that the event was handled would go its own
 * way.
 */
export const keepTransaction: KyselyPlugin = {
  transformQuery({ node }) {
    if (ends.test(textOf(node))) {
      throw new BusError(
        "permanent",
        "the handler may neither begin nor end the inbox's transaction: return to commit, throw to roll back",
      );
    }
    return node;
  },
  transformResult: async ({ result }) => result,
};

function textOf(node: RootOperationNode): string {
  if (!RawNode.is(node)) return "";
  return node.sqlFragments
    .map((text) => text.replaceAll(/\/\*.*?\*\/|--[^\n]*/gs, " "))
    .join("?")
    .trim();
}
