import { stripVTControlCharacters, styleText } from "node:util";

export type Colour = "red" | "green" | "yellow" | "cyan" | "dim" | "bold";

/** Terminal is where a command speaks to a person. */
export interface Terminal {
  /** Prints a line. */
  line(text?: string): void;
  /** Colours a text where there is a terminal that shows colours. */
  colour(colour: Colour, text: string): string;
}

/** createTerminal speaks on a stream, with colours if the stream is a terminal that has them. */
export function createTerminal(stream: NodeJS.WriteStream = process.stdout): Terminal {
  return {
    line: (text = "") => void stream.write(`${text}\n`),
    colour: (colour, text) => styleText(colour, text, { stream }),
  };
}

/** alignRows pads the cells of rows, so that columns stand below each other. Colours count for nothing. */
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
