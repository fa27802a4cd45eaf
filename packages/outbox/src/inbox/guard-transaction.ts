import { BusError } from "@fanfare/bus";
import { type KyselyPlugin, RawNode, type RootOperationNode, type Transaction } from "kysely";

/** GuardedTransaction is a transaction in the hands of a handler. */
export interface GuardedTransaction<DB> {
  readonly tx: Transaction<DB>;
  /**
   * end refuses what the handler still sends, and resolves when what it has sent is done. What comes
   * nevertheless, or was overtaken, waits until the transaction is over, and fails. Kysely ends a
   * transaction before the statements that wait for their turn in it (kysely-org/kysely#1604): they
   * would run after its end, each on its own and for good.
   */
  end(): Promise<void>;
}

/** What begins or ends a transaction; `rollback to` a savepoint does neither. */
const ends =
  /(?:^|;)\s*(?:begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b))\b/i;

/** Literals, quoted names and comments (which nest, here to the second level) are no statements. */
const quoted =
  /\be'(?:[^'\\]|''|\\.)*'|'[^']*'|"[^"]*"|\$(\w*)\$.*?\$\1\$|--[^\n]*|\/\*(?:\/\*.*?\*\/|.)*?\*\//gis;

/**
 * guardTransaction refuses, before it is sent, the SQL by which a handler would commit or roll back
 * the transaction that it was given: with it, the record that the event was handled would go its own
 * way. What is sent as a CompiledQuery is not seen.
 */
export function guardTransaction<DB>(
  tx: Transaction<DB>,
  committedOrRolledBack: Promise<void>,
): GuardedTransaction<DB> {
  let over = false;
  const guard: KyselyPlugin = {
    transformQuery({ node }) {
      if (over) throw refusal("the handler is over: it has to await each of its statements");
      if (ends.test(textOf(node).replaceAll(quoted, " ").trim())) {
        throw refusal(
          "the handler may neither begin nor end the inbox's transaction: return to commit, throw to roll back",
        );
      }
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  return {
    tx: tx.withPlugin(guard),
    async end() {
      over = true;
      const last = Promise.withResolvers<void>();
      const keepTurn = async () => {
        last.resolve();
        await committedOrRolledBack;
      };
      tx.getExecutor().provideConnection(keepTurn).catch(last.reject);
      await last.promise;
    },
  };
}

function refusal(why: string): BusError {
  return new BusError("permanent", why);
}

function textOf(node: RootOperationNode): string {
  if (!RawNode.is(node)) return "";
  return node.sqlFragments
    .map((text, at) => {
      const parameter = node.parameters[at];
      return text + (parameter !== undefined && RawNode.is(parameter) ? textOf(parameter) : " ");
    })
    .join("");
}
