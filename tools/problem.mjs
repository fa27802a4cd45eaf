/** Problem is something that a person has to mend; its message is one line that says what and how. */
export class Problem extends Error {
  name = "Problem";
}
