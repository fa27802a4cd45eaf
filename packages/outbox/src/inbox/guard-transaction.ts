import { PermanentError } from "@fanfare/bus";
import { type KyselyPlugin, RawNode, type RootOperationNode, type Transaction } from "kysely";

/** A transaction that a handler cannot end. */
export interface GuardedTransaction<DB> {
  readonly tx: Transaction<DB>;
  /**
   * Refuses further statements, and resolves once the sent ones are done. A statement that is still
   * queued waits for the end of the transaction and then fails. Without this, Kysely would end the
   * transaction before its queued statements (kysely-org/kysely#1604), which would then run and commit
   * on their own.
   */
  end(): Promise<void>;
}

/** Statements that begin or end a transaction. `rollback to` a savepoint does neither. */
const transactionControl =
  /(?:^|;)\s*(?:begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b))\b/i;

/** Literals, quoted names and comments, which contain no statements. Comments nest, here two levels. */
const quoted =
  /\be'(?:[^'\\]|''|\\.)*'|'[^']*'|"[^"]*"|\$(\w*)\$.*?\$\1\$|--[^\n]*|\/\*(?:\/\*.*?\*\/|.)*?\*\//gis;

/**
 * Creates a guarded transaction. It refuses, before sending it, SQL that would commit or roll back the
 * transaction of the inbox: the record of the event has to commit with the handler's effects. It does
 * not inspect a `CompiledQuery`.
 */
export function guardTransaction<DB>(
  tx: Transaction<DB>,
  committedOrRolledBack: Promise<void>,
): GuardedTransaction<DB> {
  let ended = false;
  const guard: KyselyPlugin = {
    transformQuery({ node }) {
      if (ended) {
        throw createRefusal(
          "the handler has ended: await each of its statements before it returns",
        );
      }
      if (transactionControl.test(readText(node).replaceAll(quoted, " ").trim())) {
        throw createRefusal(
          "the handler may not begin or end the transaction of the inbox: return to commit, throw to roll back",
        );
      }
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  return {
    tx: tx.withPlugin(guard),
    async end() {
      ended = true;
      const reachedFront = Promise.withResolvers<void>();
      const holdConnection = async () => {
        reachedFront.resolve();
        await committedOrRolledBack;
      };
      tx.getExecutor().provideConnection(holdConnection).catch(reachedFront.reject);
      await reachedFront.promise;
    },
  };
}

function createRefusal(message: string): PermanentError {
  return new PermanentError(message);
}

function readText(node: RootOperationNode): string {
  if (!RawNode.is(node)) return "";
  return node.sqlFragments
    .map((text, at) => {
      const parameter = node.parameters[at];
      return text + (parameter !== undefined && RawNode.is(parameter) ? readText(parameter) : " ");
    })
    .join("");
}
