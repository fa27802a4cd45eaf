import { escapeText } from "@fanfare/service";

/** Writes lines to stderr. Escapes what a terminal would act on or not show, apart from the ends of lines. */
export function writeError(text: string): void {
  process.stderr.write(`${text.split("\n").map(escapeText).join("\n")}\n`);
}
