import { describe, expect, it } from "vitest";
import { parsePubAck } from "./parse-pub-ack.ts";

const expected = { stream: "fanfare_a", subject: "fanfare.a.0" };
const parse = (text: string) => parsePubAck({ json: () => JSON.parse(text) }, expected);

describe("parsePubAck()", () => {
  it("returns the sequence, and whether the event is a duplicate", () => {
    expect(parse('{"stream":"fanfare_a","seq":7}')).toEqual({ duplicate: false, sequence: 7 });
    expect(parse('{"stream":"fanfare_a","seq":7,"duplicate":true}')).toEqual({
      duplicate: true,
      sequence: 7,
    });
  });

  it("returns the error of the stream", () => {
    const error = { err_code: 10077, code: 503, description: "maximum messages exceeded" };
    expect(parse(JSON.stringify({ error }))).toMatchObject({ code: "stream_full" });
  });

  it("returns drift when another stream stores the subject", () => {
    expect(parse('{"stream":"greedy","seq":1}')).toMatchObject({
      code: "drift",
      message: expect.stringContaining("is stored by stream greedy"),
    });
  });

  it("returns an error when another subscriber replies", () => {
    for (const text of ["hello", "{}", '"hello"']) {
      expect(parse(text)).toMatchObject({ code: "internal" });
    }
  });
});
