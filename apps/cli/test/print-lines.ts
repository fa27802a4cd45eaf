import { runUntilDone } from "../src/run-until-done.ts";
import { createTerminal } from "../src/terminal.ts";
import { writeError } from "../src/write-error.ts";

// Prints more lines than a pipe has room for, and ends.
await runUntilDone(async () => {
  const terminal = createTerminal();
  for (let number = 1; number <= 20_000; number += 1) terminal.line(`line ${number}`);
  writeError("printed");
});
