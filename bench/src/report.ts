/** The result of a comparison. A higher ratio is better; `target` is the ratio to reach. */
export interface Row {
  readonly name: string;
  /** The median of the rounds. */
  readonly ratio: number;
  readonly min: number;
  readonly max: number;
  readonly target: number;
  /** The compared figures, such as "31,000 against 11,000 events/s". */
  readonly figures: string;
}

/** A table of measurements without a target. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The results of a bench. */
export interface Report {
  readonly rows: readonly Row[];
  readonly tables: readonly Table[];
}

/** Runs a bench, and reports each part when it starts. */
export type Bench = (progress: (what: string) => void) => Promise<Report>;

/** Prints the results as Markdown, or as one JSON document. */
export function printReport(report: Report & { bench: string }, { json }: { json: boolean }): void {
  if (json) return void process.stdout.write(`${JSON.stringify(report)}\n`);
  const header = ["", "ratio", "from", "to", "target", "", "figures"];
  const rows = report.rows.map((row) => [
    row.name,
    row.ratio.toFixed(2),
    row.min.toFixed(2),
    row.max.toFixed(2),
    `${row.target}`,
    row.ratio >= row.target ? "met" : "missed",
    row.figures,
  ]);
  printTable(header, rows);
  for (const { name, columns, rows: lines } of report.tables) {
    process.stdout.write(`\n${name}\n\n`);
    printTable(columns, lines);
  }
}

function printTable(columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [columns, columns.map(() => "---"), ...rows];
  for (const line of lines) process.stdout.write(`| ${line.join(" | ")} |\n`);
}
