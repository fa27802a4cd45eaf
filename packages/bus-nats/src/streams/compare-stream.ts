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
  const parts = [
    compareSubjects(config, declared),
    compareBatches(config, declared),
    compareRetention(config, declared.settings),
    compareFixedFields(config, declared.settings),
    compareLimits(config, declared.settings),
  ];
  return {
    update: Object.assign({}, ...parts.map(({ update }) => update)),
    differences: parts.flatMap(({ differences = [] }) => differences),
    refused: parts.flatMap(({ refused = [] }) => refused),
    lossy: parts.flatMap(({ lossy = [] }) => lossy),
  };
}

function compareSubjects(
  { subjects }: StreamConfig,
  { prefix, topic }: StreamDeclaration,
): Partial<StreamDrift> {
  const expected = formatStreamSubjects(prefix, topic);
  const missing = expected.filter((subject) => !subjects.includes(subject));
  if (missing.length === 0) return {};
  return {
    update: { subjects: [...subjects, ...missing] },
    differences: [`subjects lack ${missing.join(" and ")}`],
  };
}

function compareBatches(
  { allow_atomic }: StreamConfig,
  { allowsBatches = false }: StreamDeclaration,
): Partial<StreamDrift> {
  if (!allowsBatches || allow_atomic === true) return {};
  return {
    update: { allow_atomic: true },
    differences: ["allow_atomic is false, expected true"],
  };
}

/** Compares a retention that is declared. */
function compareRetention(config: StreamConfig, settings: StreamSettings): Partial<StreamDrift> {
  const { retention } = encodeStreamKind(settings);
  if (settings.retention === undefined || config.retention === retention) return {};
  const difference = formatDifference("retention", config.retention, retention);
  // JetStream cannot change the retention of a work queue.
  if (config.retention === RetentionPolicy.Workqueue) return { refused: [difference] };
  return {
    update: { retention },
    differences: [difference],
    lossy: retention === RetentionPolicy.Interest ? [difference] : [],
  };
}

/** Compares what no update can change, and a retention that is not declared. */
function compareFixedFields(config: StreamConfig, settings: StreamSettings): Partial<StreamDrift> {
  const { storage, retention } = encodeStreamKind(settings);
  const expectedFields = {
    storage,
    ...(settings.retention === undefined ? { retention } : {}),
    no_ack: false,
    sealed: false,
  };
  const refused: string[] = [];
  for (const [name, expected] of Object.entries(expectedFields)) {
    const found = getField(config, name) ?? false;
    if (found !== expected) refused.push(formatDifference(name, found, expected));
  }
  return { refused };
}

function compareLimits(config: StreamConfig, settings: StreamSettings): Partial<StreamDrift> {
  const update = encodeStreamLimits(settings);
  const differences: string[] = [];
  const lossy: string[] = [];
  for (const [name, expected] of Object.entries(update)) {
    const found = getField(config, name);
    if (found === expected) continue;
    const difference = formatDifference(name, found, expected);
    differences.push(difference);
    if (isLess(expected, found) && losesEvents(name)) lossy.push(difference);
  }
  return { update, differences, lossy };
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
