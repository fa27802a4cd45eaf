import type { SecretsFolder } from "./secrets-folder.ts";

/** What the secrets of a deployment depend on. */
export interface SecretsSettings {
  /**
   * The administrator's URL of the apps' PostgreSQL server. Without a password, the folder's own password is
   * used. Default: the URL of the last call; without one, no URLs of databases are written.
   */
  readonly postgresUrl?: string | undefined;
  /** The letters before the name of each database, on a server that others use as well. Default: none. */
  readonly databasePrefix?: string | undefined;
  /** The administrators' URLs of other PostgreSQL servers, such as Temporal's. */
  readonly otherPostgresUrls?: readonly string[];
}

/** What a part writes its secrets to and derives them from. */
export interface SecretsContext {
  readonly folder: SecretsFolder;
  readonly settings: SecretsSettings;
}

/** A kind of secrets, such as the passwords of PostgreSQL. */
export interface SecretsPart {
  readonly name: string;
  /** Creates the secrets that are missing. Changes none that exist. */
  create(context: SecretsContext): Promise<void>;
}
