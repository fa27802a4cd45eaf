import { parseArgs } from "node:util";
import { type Bench, printReport } from "./report.ts";

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  bus: async () => (await import("./bus/bus-bench.ts")).busBench,
  effects: async () => (await import("./effects/effects-bench.ts")).effectsBench,
  saga: async () => (await import("./saga/saga-bench.ts")).sagaBench,
  tls: async () => (await import("./tls/tls-bench.ts")).tlsBench,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false } },
});
const [name = ""] = positionals;
const load = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (load === undefined) {
  const names = Object.keys(benches).join(", ");
  process.stderr.write(`expected a bench, got "${name}": choose one of ${names}\n`);
  process.exitCode = 1;
} else {
  const run = await load();
  const report = await run((what) => process.stderr.write(`${what}\n`));
  printReport({ bench: name, ...report }, values);
}
