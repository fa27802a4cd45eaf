export { createInbox, type Inbox } from "./create-inbox.ts";
export type {
  ReactorConfig,
  ReactorContext,
  ReactorOptions,
  RetainedTable,
} from "./reactor-options.ts";
export { runReactor } from "./run-reactor.ts";
