import { RetentionPolicy, type StreamConfig } from "@nats-io/jetstream";
import { formatStreamSubjects } from "../wire/subject.ts";
import { encodeStreamKind, encodeStreamLimits } from "./encode-stream-config.ts";
import type { StreamSettings } from "./stream-settings.ts";

/** How an existing stream differs from its declaration. */
export interface StreamDrift {
  /** The fields to update. */
  readonly update: Partial<StreamConfig>;
  /** The differences that an update removes, such as "max_age is 60 s, expected 30 s". */
  readonly differences: readonly string[];
  /** The differences that no update can remove. */
  readonly refused: readonly string[];
  /** Those of `differences` whose update may delete events or forget ids. */
  readonly lossy: readonly string[];
}

/** The declaration of a topic's stream. */
export interface StreamDeclaration {
  readonly prefix: string;
  readonly topic: string;
  readonly settings: StreamSettings;
  /** Whether the server supports atomic batches; the stream then has to allow them. */
  readonly allowsBatches?: boolean;
}

/** Compares the configuration of an existing stream with its declaration. */
export function compareStream(config: StreamConfig, declared: StreamDeclaration): StreamDrift {
  const update: Partial<StreamConfig> = {};
  const differences: string[] = [];
  const refused: string[] = [];
  const lossy: string[] = [];

  const missing = formatStreamSubjects(declared.prefix, declared.topic).filter(
    (subject) => !config.subjects.includes(subject),
  );
  if (missing.length > 0) {
    update.subjects = [...config.subjects, ...missing];
    differences.push(`subjects lack ${missing.join(" and ")}`);
  }

  if (declared.allowsBatches === true && config.allow_atomic !== true) {
    update.allow_atomic = true;
    differences.push("allow_atomic is false, expected true");
  }

  const { storage, retention } = encodeStreamKind(declared.settings);
  const isRetentionDeclared = declared.settings.retention !== undefined;
  if (isRetentionDeclared && config.retention !== retention) {
    const difference = `retention is ${config.retention}, expected ${retention}`;
    // JetStream cannot change the retention of a work queue.
    if (config.retention === RetentionPolicy.Workqueue) refused.push(difference);
    else {
      update.retention = retention;
      differences.push(difference);
      if (retention === RetentionPolicy.Interest) lossy.push(difference);
    }
  }

  const fixed = {
    storage,
    ...(isRetentionDeclared ? {} : { retention }),
    no_ack: false,
    sealed: false,
  };
  for (const [name, expected] of Object.entries(fixed)) {
    const found = getField(config, name) ?? false;
    if (found !== expected) refused.push(formatDifference(name, found, expected));
  }

  const limits = encodeStreamLimits(declared.settings);
  for (const [name, expected] of Object.entries(limits)) {
    const found = getField(config, name);
    if (found === expected) continue;
    const difference = formatDifference(name, found, expected);
    differences.push(difference);
    if (isLess(expected, found) && losesEvents(name)) lossy.push(difference);
  }
  return { update: { ...update, ...limits }, differences, refused, lossy };
}

function getField(config: StreamConfig, name: string): unknown {
  return Object.entries(config).find(([key]) => key === name)?.[1];
}

/** Fewer replicas keep the events that they have; a smaller largest event affects new events only. */
function losesEvents(name: string): boolean {
  return name !== "num_replicas" && name !== "max_msg_size";
}

function isLess(expected: unknown, found: unknown): boolean {
  return toLimit(expected) < toLimit(found);
}

/** JetStream writes "no limit" as 0 or -1. */
function toLimit(value: unknown): number {
  return typeof value !== "number" || value <= 0 ? Infinity : value;
}

function formatDifference(name: string, found: unknown, expected: unknown): string {
  return `${name} is ${formatValue(name, found)}, expected ${formatValue(name, expected)}`;
}

function formatValue(name: string, value: unknown): string {
  if (typeof value !== "number") return String(value);
  if (value <= 0) return "unlimited";
  return name === "max_age" || name === "duplicate_window" ? `${value / 1e9} s` : String(value);
}
