import { spawn } from "node:child_process";
import { passSignals } from "./pass-on.mjs";
import { Problem } from "./problem.mjs";

/**
 * runCommand runs a program whose output goes to stderr, and gives what it said. A program that is
 * missing or fails is a Problem with its last lines and with `advice`.
 */
export async function runCommand(command, args, { advice, ...options }) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  const release = passSignals(child);
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
      reject(new Problem(`${command} ${reason}: ${advice}`));
    });
    child.once("close", (status, signal) => {
      release();
      if (status === 0) return resolve(output);
      const how = signal ?? `exit status ${status}`;
      const end = output.trim().split("\n").slice(-15).join("\n");
      reject(new Problem(`${command} failed (${how}): ${advice}\n${end}`));
    });
  });
}
