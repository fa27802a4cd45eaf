import { RetentionPolicy, type StreamConfig } from "@nats-io/jetstream";
import { type StreamSettings, streamKind, streamLimits } from "./stream-settings.ts";
import { streamSubjects } from "./subject.ts";

/** StreamDrift is how an existing stream differs from what is declared. */
export interface StreamDrift {
  /** What to change in place. */
  readonly update: Partial<StreamConfig>;
  /** Each difference in words, such as "max_age is 60s and is to be 30s". */
  readonly differences: readonly string[];
  /** Those that no update can mend. */
  readonly refused: readonly string[];
  /** Those whose update may delete events, or forget ids. */
  readonly lossy: readonly string[];
}

/** streamDrift compares an existing stream with the settings that are declared for its topic. */
export function streamDrift(
  config: StreamConfig,
  declared: {
    readonly prefix: string;
    readonly topic: string;
    readonly settings: StreamSettings;
    /** Whether the server can store messages all or none, and the stream therefore is to. */
    readonly batches?: boolean;
  },
): StreamDrift {
  const update: Partial<StreamConfig> = {};
  const differences: string[] = [];
  const refused: string[] = [];
  const lossy: string[] = [];

  const missing = streamSubjects(declared.prefix, declared.topic).filter(
    (subject) => !config.subjects.includes(subject),
  );
  if (missing.length > 0) {
    update.subjects = [...config.subjects, ...missing];
    differences.push(`subjects lack ${missing.join(" and ")}`);
  }

  if (declared.batches === true && config.allow_atomic !== true) {
    update.allow_atomic = true;
    differences.push("allow_atomic is false and is to be true");
  }

  const { storage, retention } = streamKind(declared.settings);
  if (declared.settings.retention !== undefined && config.retention !== retention) {
    const difference = `retention is ${config.retention} and is to be ${retention}`;
    // A work queue has one taker of each event, and stays one.
    if (config.retention === RetentionPolicy.Workqueue) refused.push(difference);
    else {
      update.retention = retention;
      differences.push(difference);
      if (retention === RetentionPolicy.Interest) lossy.push(difference);
    }
  }

  const must = {
    storage,
    ...(declared.settings.retention === undefined ? { retention } : {}),
    no_ack: false,
    sealed: false,
  };
  for (const [name, wanted] of Object.entries(must)) {
    const found = valueOf(config, name) ?? false;
    if (found !== wanted) {
      refused.push(`${name} is ${inWords(name, found)} and must be ${inWords(name, wanted)}`);
    }
  }

  const limits = streamLimits(declared.settings);
  for (const [name, wanted] of Object.entries(limits)) {
    const found = valueOf(config, name);
    if (found === wanted) continue;
    const difference = `${name} is ${inWords(name, found)} and is to be ${inWords(name, wanted)}`;
    differences.push(difference);
    if (isLess(wanted, found) && deletes(name)) lossy.push(difference);
  }
  return { update: { ...update, ...limits }, differences, refused, lossy };
}

function valueOf(config: StreamConfig, name: string): unknown {
  return Object.entries(config).find(([key]) => key === name)?.[1];
}

/** Fewer servers keep what they have, and a smaller largest event is about those to come. */
function deletes(name: string): boolean {
  return name !== "num_replicas" && name !== "max_msg_size";
}

/** 0 and -1 stand for "no limit", which is more than any number. */
function isLess(wanted: unknown, found: unknown): boolean {
  return limit(wanted) < limit(found);
}

function limit(value: unknown): number {
  return typeof value !== "number" || value <= 0 ? Infinity : value;
}

function inWords(name: string, value: unknown): string {
  if (typeof value !== "number") return String(value);
  if (value <= 0) return "unlimited";
  return name === "max_age" || name === "duplicate_window" ? `${value / 1e9} s` : String(value);
}
