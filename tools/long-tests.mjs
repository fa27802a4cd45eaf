import { UserError } from "./user-error.mjs";

/**
 * The long forms of tests: the package and the file, the variables that select the long form, and the
 * variable behind each option. A script stands for a test of the whole repository.
 */
const longTests = {
  fire: {
    package: "@fanfare/e2e",
    file: "effects-under-fire.live",
    env: { FANFARE_FIRE: "long" },
    options: { "--seed": "FANFARE_FIRE_SEED" },
  },
  "dead-servers": {
    package: "@fanfare/e2e",
    file: "dead-servers.live",
    env: { FANFARE_DEAD: "long" },
    options: { "--rounds": "FANFARE_DEAD_ROUNDS" },
  },
  "rolling-restarts": {
    package: "@fanfare/e2e",
    file: "rolling-restarts.live",
    env: { FANFARE_DEAD: "long" },
    options: { "--rounds": "FANFARE_DEAD_ROUNDS" },
  },
  "many-riders": {
    package: "@fanfare/e2e",
    file: "many-riders.live",
    env: { FANFARE_DEAD: "long" },
    options: {},
  },
  outages: {
    package: "@fanfare/e2e",
    file: "outages.live",
    env: { FANFARE_DEAD: "long" },
    options: {},
  },
  backup: {
    package: "@fanfare/e2e",
    file: "backup.live",
    env: { FANFARE_BACKUP: "long" },
    options: {},
  },
  "random-walks": {
    package: "@fanfare/worker",
    file: "random-walks.live",
    env: { FANFARE_WALKS: "500" },
    options: {
      "--walks": "FANFARE_WALKS",
      "--seed": "FANFARE_SEED",
      "--path": "FANFARE_PATH",
    },
  },
  matrix: {
    package: "@fanfare/worker",
    file: "cancellation-matrix.live",
    env: { FANFARE_MATRIX_SEED: "1" },
    options: { "--seed": "FANFARE_MATRIX_SEED" },
  },
  "lost-replies": {
    package: "@fanfare/worker",
    file: "lost-replies.live",
    env: { FANFARE_REPLIES_SEED: "1" },
    options: { "--seed": "FANFARE_REPLIES_SEED" },
  },
  resets: {
    package: "@fanfare/worker",
    file: "reset.live",
    env: { FANFARE_RESETS: "long" },
    options: {},
  },
  cluster: {
    package: "@fanfare/bus-nats",
    file: "cluster.live",
    env: { FANFARE_CLUSTER: "long" },
    options: { "--seed": "FANFARE_CLUSTER_SEED" },
  },
  pgbouncer: {
    package: "@fanfare/e2e",
    file: "pgbouncer.live",
    env: { FANFARE_PGBOUNCER: "long" },
    options: {},
  },
  conformance: {
    package: "@fanfare/bus-nats",
    file: "conformance.live",
    env: { FANFARE_SUITE: "long" },
    options: {},
  },
  pairs: {
    script: "tools/paired-suites.mjs",
    env: {},
    options: { "--rounds": "ROUNDS", "--seed": "SEED" },
  },
  "connect-conformance": {
    package: "@fanfare/service",
    file: "connect-conformance.live",
    env: { FANFARE_PROTOCOLS: "long" },
    options: {},
  },
  grpcurl: {
    package: "@fanfare/service",
    file: "reflection.live",
    env: { FANFARE_PROTOCOLS: "long" },
    options: {},
  },
  wire: {
    package: "@fanfare/bus-nats",
    file: "wire-document.live",
    env: { FANFARE_WIRE: "long" },
    options: {},
  },
};

const examples = { "--seed": "401", "--rounds": "3", "--walks": "500", "--path": "12:0:1" };

/** A path has colons. Anything else is a whole number: with 0 rounds or walks, a test would check nothing. */
function accepts(option, value = "") {
  if (option === "--path") return /^\d+(:\d+)*$/.test(value);
  return option === "--seed" ? /^-?\d+$/.test(value) : /^[1-9]\d*$/.test(value);
}

/**
 * Returns the package, the variables and the arguments of vitest for a long test, or its script. The options of the test
 * become variables; other arguments are passed to vitest. Throws a UserError for an unknown name and for
 * an option without its value.
 */
export function planLongTest([name = "", ...args]) {
  if (!Object.hasOwn(longTests, name)) {
    const names = Object.keys(longTests).join(", ");
    throw new UserError(`expected the name of a long test, got "${name}": choose one of ${names}`);
  }
  const { package: filter, file, script, env: base, options } = longTests[name];
  const env = { ...base };
  const others = [];
  for (let index = 0; index < args.length; index += 1) {
    const [option, inline] = args[index].split("=", 2);
    if (!Object.hasOwn(options, option)) {
      others.push(args[index]);
      continue;
    }
    const value = inline ?? args[(index += 1)];
    if (!accepts(option, value)) {
      throw new UserError(
        `expected a value after ${option}, got "${value ?? ""}": write ${option} ${examples[option]}`,
      );
    }
    env[options[option]] = value;
  }
  if (script !== undefined) return { script, env, args: others };
  const limits = ["--no-file-parallelism", "--testTimeout=120000", "--hookTimeout=180000"];
  return { filter, env, args: ["run", file, ...limits, "--reporter=verbose", ...others] };
}
