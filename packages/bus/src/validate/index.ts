export { createValidation } from "./validation.ts";
