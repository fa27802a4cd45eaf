import { spawn } from "node:child_process";
import { forwardSignals } from "./run-in-foreground.mjs";
import { UserError } from "./user-error.mjs";

/**
 * Runs a program and resolves to its output, of stdout and stderr together. Rejects with a UserError that
 * ends with `advice` and the last lines of the output when the program is missing or fails.
 */
export async function runCommand(command, args, { advice, ...options }) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  const release = forwardSignals(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text) => {
      output = (output + text).slice(-16_384);
    });
  }
  return await new Promise((resolve, reject) => {
    child.once("error", (error) => {
      release();
      const reason = error.code === "ENOENT" ? "is not on PATH" : `cannot run: ${error.message}`;
      reject(new UserError(`${command} ${reason}: ${advice}`));
    });
    child.once("close", (status, signal) => {
      release();
      if (status === 0) return resolve(output);
      const how = signal ?? `exit status ${status}`;
      const end = output.trim().split("\n").slice(-15).join("\n");
      reject(new UserError(`${command} failed (${how}): ${advice}\n${end}`));
    });
  });
}
