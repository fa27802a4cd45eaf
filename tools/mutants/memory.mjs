// Faults of the memory broker.
const core = "packages/bus";

export const memoryMutants = [
  {
    name: "memory: forget what was removed before it was leased",
    package: core,
    file: "src/memory/backlog.ts",
    find: "    lose(waiting - log.countForGroup(group, cursor) + removed.length);",
    replace: "    lose(removed.length);",
  },
  {
    name: "memory: count deliveries as failures",
    package: core,
    file: "src/memory/memory-lease.ts",
    find: "readFailures: () => leased.failures,",
    replace: "readFailures: () => leased.deliveries - 1,",
  },
  {
    name: "memory: forget the failures of the previous process",
    package: core,
    file: "src/memory/backlog.ts",
    find: "deliveries: deliveries + 1, failures,",
    replace: "deliveries: deliveries + 1, failures: failures * 0,",
  },
  {
    name: "measure durations with the wall clock",
    package: core,
    file: "src/memory/manual-clock.ts",
    find: "    monotonic: () => elapsed,",
    replace: "    monotonic: () => origin + elapsed,",
  },
  {
    name: "memory: ignore the dedupe id",
    package: core,
    file: "src/memory/topic-log.ts",
    find: "if (known !== undefined) return",
    replace: "if (known === -1) return",
  },
  {
    name: "memory: never evict ids",
    package: core,
    file: "src/memory/dedupe-window.ts",
    find: "      evictExpired();\n",
    replace: "",
  },
  {
    name: "memory: share one position among groups",
    package: core,
    file: "src/memory/memory-store.ts",
    find: "groups.get(declaration.group) ??",
    replace: "groups.values().next().value ??",
  },
  {
    name: "memory: replay to every group",
    package: core,
    file: "src/memory/topic-log.ts",
    find: "      owners.set(appended.sequence, group);\n",
    replace: "",
  },
  {
    name: "memory: deliver to the first process alone",
    package: core,
    file: "src/memory/memory-group.ts",
    find: "        moveToEnd(consumers, consumer);\n",
    replace: "",
  },
  {
    name: "memory: reset a group when it is declared again",
    package: core,
    file: "src/memory/memory-group.ts",
    find: "        if (backlogs.some((backlog) => backlog.topic === topic)) continue;",
    replace:
      "        backlogs.splice(0, backlogs.length, ...backlogs.filter((old) => old.topic !== topic));",
  },
  {
    name: "memory: store part of a batch",
    package: core,
    file: "src/memory/topic-log.ts",
    find: "const known = batch.find(({ id }) => ids.find(id) !== undefined);",
    replace: "const known = batch.find(({ id }) => ids.find(`/${id}`) !== undefined);",
  },
];
