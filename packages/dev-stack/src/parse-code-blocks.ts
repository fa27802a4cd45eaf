/** A fenced code block of a Markdown text. */
export interface CodeBlock {
  readonly language: string;
  /** The path in the comment on its first line, such as `// src/start.ts`; undefined without one. */
  readonly file: string | undefined;
  readonly code: string;
}

const fenced = /^```(\w+)\n(.*?)^```$/gms;
const firstLine = /^(?:\/\/|#) (\S+\.\w+)\n/;

/** Returns the fenced code blocks of a Markdown text, in order. */
export function parseCodeBlocks(markdown: string): CodeBlock[] {
  return Array.from(markdown.matchAll(fenced), ([, language = "", code = ""]) => ({
    language,
    file: firstLine.exec(code)?.[1],
    code,
  }));
}
