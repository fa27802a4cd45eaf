/** An error that the user can fix. Its message states what is wrong and what to do. */
export class UserError extends Error {
  name = "UserError";
}
