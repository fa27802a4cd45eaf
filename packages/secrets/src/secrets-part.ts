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
  /**
   * The names and addresses of a Temporal server that demands certificates and tokens. Default: those of the
   * last call; without any, no secrets of Temporal are written.
   */
  readonly temporalHosts?: readonly string[] | undefined;
  /** The namespace that the tokens for Temporal are for. Default: that of the last call, or "default". */
  readonly temporalNamespace?: string | undefined;
}

/** What a part writes its secrets to and derives them from. */
export interface SecretsContext {
  readonly folder: SecretsFolder;
  readonly settings: SecretsSettings;
}

/** What a part rotates its secrets with. */
export interface RotationContext {
  readonly folder: SecretsFolder;
  /** Called with a sentence after each step. */
  readonly report: (line: string) => void;
  /** How long to wait for processes to take new secrets. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A kind of secrets, such as the passwords of PostgreSQL. */
export interface SecretsPart {
  readonly name: string;
  /** Creates the secrets that are missing. Changes none that exist. */
  create(context: SecretsContext): Promise<void>;
  /**
   * Replaces the secrets while the system runs. The earlier ones work until no process uses them. Resumes a
   * rotation that was interrupted.
   */
  rotate?(context: RotationContext): Promise<void>;
}
