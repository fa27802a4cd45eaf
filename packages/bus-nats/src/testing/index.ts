export { findLeaks, type Leak, type LeakOptions, type TestedUser } from "./find-leaks.ts";
