import { CliError } from "./cli-error.ts";
import { readStack } from "./running-stack.ts";

/**
 * environmentOf gives the variables of one process of the running stack, a line each, as an env file
 * has them; without PORT, which the process that runs already has taken.
 */
export async function formatEnvironment(app: string): Promise<string> {
  const stack = await readStack();
  if (stack === undefined) throw new CliError("No stack is running here: start it with npm start");
  const variables = stack.environments[app];
  if (variables === undefined) {
    const names = Object.keys(stack.environments).join(", ");
    throw new CliError(`There is no app "${app}": it is one of ${names}`);
  }
  const { PORT: _taken, ...others } = variables;
  return Object.entries(others)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join("");
}
