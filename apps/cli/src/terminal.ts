import { randomBytes } from "node:crypto";
import { styleText } from "node:util";
import { escapeText } from "@fanfare/service";

const colours = ["red", "green", "yellow", "cyan", "dim", "bold"] as const;

/** The colours and styles in use. */
export type Colour = (typeof colours)[number];

/** The output of a command for a person. */
export interface Terminal {
  /**
   * Prints one line. Escapes what a terminal would act on or not show: only the colours of this terminal
   * are kept.
   */
  line(text?: string): void;
  /** Returns a text in a colour, for `line` of this terminal. */
  colour(colour: Colour, text: string): string;
}

/** The start or the end of a colour. Its number is secret: text from outside cannot contain it. */
const mark = /\uE000[0-9a-f]{16}[+-][a-z]+\uE001/g;

/** Creates a terminal on a stream. Uses colours if the stream supports them. */
export function createTerminal(stream: NodeJS.WriteStream = process.stdout): Terminal {
  const secret = randomBytes(8).toString("hex");
  const marks: ReadonlyMap<string, string> = new Map(
    colours.flatMap((colour) => {
      const [start = "", end = ""] = styleText(colour, "|", { stream }).split("|");
      return [
        [`\uE000${secret}+${colour}\uE001`, start],
        [`\uE000${secret}-${colour}\uE001`, end],
      ] as const;
    }),
  );
  return {
    line(text = "") {
      const line = escapeText(text).replaceAll(mark, (found) => marks.get(found) ?? "");
      stream.write(`${line}\n`);
    },
    colour: (colour, text) =>
      `\uE000${secret}+${colour}\uE001${text}\uE000${secret}-${colour}\uE001`,
  };
}

/** Escapes the cells of rows, and pads them so that columns align. Ignores colours when it measures a cell. */
export function alignRows(rows: readonly (readonly string[])[]): string[] {
  // An empty cell in a colour would hide the spaces before it from trimEnd.
  const escaped = rows.map((row) =>
    row.map((cell) => (measureWidth(cell) === 0 ? "" : escapeText(cell))),
  );
  const widths: number[] = [];
  for (const row of escaped) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, measureWidth(cell));
  }
  return escaped.map((row) =>
    row
      .map((cell, i) => cell + " ".repeat((widths[i] ?? 0) - measureWidth(cell)))
      .join("  ")
      .trimEnd(),
  );
}

function measureWidth(cell: string): number {
  return cell.replaceAll(mark, "").length;
}
