import { CliError } from "../cli-error.ts";
import { readStack } from "./running-stack.ts";

/**
 * Formats the variables of one process of the running stack as an env file. Leaves out PORT and HEALTH_PORT,
 * which that process occupies.
 */
export async function formatEnvironment(app: string): Promise<string> {
  const stack = await readStack();
  if (stack === undefined)
    throw new CliError("no stack of this checkout is running: run npm start");
  const variables = stack.environments[app];
  if (variables === undefined) {
    const names = Object.keys(stack.environments).join(", ");
    throw new CliError(`expected an app, got "${app}": choose one of ${names}`);
  }
  const { PORT: _port, HEALTH_PORT: _healthPort, ...others } = variables;
  return Object.entries(others)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join("");
}
