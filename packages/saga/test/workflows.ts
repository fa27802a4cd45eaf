export { concert } from "./concert-workflow.ts";
export { holiday, picnic, stroll } from "./holiday-workflow.ts";
export { postcard } from "./postcard-workflow.ts";
export { bookRoom, bookRoomInChild, stay } from "./stay-workflow.ts";
