import { stripVTControlCharacters, styleText } from "node:util";

/** The colours and styles in use. */
export type Colour = "red" | "green" | "yellow" | "cyan" | "dim" | "bold";

/** The output of a command for a person. */
export interface Terminal {
  /** Prints a line. */
  line(text?: string): void;
  /** Returns a text in a colour, if the output supports colours. */
  colour(colour: Colour, text: string): string;
}

/** Creates a terminal on a stream. Uses colours if the stream supports them. */
export function createTerminal(stream: NodeJS.WriteStream = process.stdout): Terminal {
  return {
    line: (text = "") => void stream.write(`${text}\n`),
    colour: (colour, text) => styleText(colour, text, { stream }),
  };
}

/** Pads the cells of rows so that columns align. Ignores colours when it measures a cell. */
export function alignRows(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, measureWidth(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, i) => cell + " ".repeat((widths[i] ?? 0) - measureWidth(cell)))
      .join("  ")
      .trimEnd(),
  );
}

function measureWidth(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
