// Small deliberate faults, by area. The conformance suite of the package has to detect each. `find` occurs
// once in the file, and is replaced.
import { consumeMutants } from "./mutants/consume.mjs";
import { deadLetterMutants } from "./mutants/dead-letters.mjs";
import { jetStreamMutants } from "./mutants/jetstream.mjs";
import { memoryMutants } from "./mutants/memory.mjs";
import { publishMutants } from "./mutants/publish.mjs";

export const mutants = [
  ...consumeMutants,
  ...deadLetterMutants,
  ...publishMutants,
  ...memoryMutants,
  ...jetStreamMutants,
];
