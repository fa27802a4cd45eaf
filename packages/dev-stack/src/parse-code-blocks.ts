/** CodeBlock is a fenced piece of a Markdown text. */
export interface CodeBlock {
  readonly language: string;
  /** The path that a comment on its first line names, such as `// src/start.ts`. */
  readonly file: string | undefined;
  readonly code: string;
}

const fenced = /^```(\w+)\n(.*?)^```$/gms;
const firstLine = /^(?:\/\/|#) (\S+\.\w+)\n/;

/** codeBlocks are the fenced pieces of a Markdown text, in order. */
export function parseCodeBlocks(markdown: string): CodeBlock[] {
  return Array.from(markdown.matchAll(fenced), ([, language = "", code = ""]) => ({
    language,
    file: firstLine.exec(code)?.[1],
    code,
  }));
}
