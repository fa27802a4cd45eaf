// Faults of dead letters and their replays.
const core = "packages/bus";

export const deadLetterMutants = [
  {
    name: "remove a dead letter before its replay is stored",
    package: core,
    file: "src/dead-letters/dead-letters.ts",
    find: "      const options = { timeoutMs, signal: undefined };",
    replace:
      "      const options = { timeoutMs, signal: undefined };\n      await deadLetters.remove(group, sequence);",
  },
  {
    name: "lose the headers of a dead letter",
    package: core,
    file: "src/dead-letters/encode-dead-letter.ts",
    find: "      ...headers,\n",
    replace: '      "ce-id": headers["ce-id"] ?? "",\n',
  },
  {
    name: "store one dead letter for two events with the same id",
    package: core,
    file: "src/dead-letters/encode-dead-letter.ts",
    find: "/${sequence}/${readEncodedId(record)}`,",
    replace: "/${readEncodedId(record)}`,",
  },
];
