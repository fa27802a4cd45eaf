import type {
  DatabaseConnection,
  Driver,
  PostgresDialectConfig,
  TransactionSettings,
} from "kysely";
import { CompiledQuery, PostgresDialect, PostgresDriver } from "kysely";

/** Settings of PostgreSQL by name, such as `statement_timeout` in milliseconds. */
export type SessionSettings = Readonly<Record<string, number>>;

/**
 * Creates a dialect that sets its settings in each transaction. A pooler that shares connections between
 * transactions keeps no settings of a session.
 */
export function createTransactionDialect(
  config: PostgresDialectConfig,
  settings: SessionSettings,
): PostgresDialect {
  return new (class extends PostgresDialect {
    override createDriver(): Driver {
      return new TransactionDriver(config, settings);
    }
  })(config);
}

const rollback = CompiledQuery.raw("rollback");

class TransactionDriver extends PostgresDriver {
  readonly #setAll: CompiledQuery;

  constructor(config: PostgresDialectConfig, settings: SessionSettings) {
    super(config);
    const calls = Object.entries(settings).map(
      ([name, value]) => `set_config('${name}', '${value}', true)`,
    );
    this.#setAll = CompiledQuery.raw(`select ${calls.join(", ")}`);
  }

  override async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    await super.beginTransaction(connection, settings);
    try {
      await connection.executeQuery(this.#setAll);
    } catch (error) {
      // Kysely rolls back only what has begun without an error.
      await connection.executeQuery(rollback).catch(() => {});
      throw error;
    }
  }
}
