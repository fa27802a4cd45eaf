export { concert } from "./concert-workflow.ts";
export { holiday, picnic, stroll } from "./holiday-workflow.ts";
