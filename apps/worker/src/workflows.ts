// The workflows of the bundle, by the names of their types.
export { refund } from "./refund-workflow.ts";
export { trip } from "./trip-workflow.ts";
