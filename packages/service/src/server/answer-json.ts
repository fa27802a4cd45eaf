import { escapeText } from "../text/escape-text.ts";
import type { NodeResponse } from "./listen.ts";

/** Ends a response with a body in JSON. */
export function answerJson(response: NodeResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.end(`${escapeText(JSON.stringify(body))}\n`);
}
