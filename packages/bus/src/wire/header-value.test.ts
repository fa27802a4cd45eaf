import { describe, expect, it } from "vitest";
import { decodeHeaderValue, encodeHeaderValue } from "./header-value.ts";

describe("encodeHeaderValue()", () => {
  it("encodes what CloudEvents requires and nothing else", () => {
    expect(encodeHeaderValue("Euro € 😀")).toBe("Euro%20%E2%82%AC%20%F0%9F%98%80");
    expect(encodeHeaderValue('say "100%"\r\n')).toBe("say%20%22100%25%22%0D%0A");
    expect(encodeHeaderValue("trip/1!#$&'()*+,:;=?@[]~")).toBe("trip/1!#$&'()*+,:;=?@[]~");
  });

  it.each(["", "plain", "Euro € 😀", "100%41", 'a "b"\n\u0000'])("round-trips %j", (value) => {
    expect(decodeHeaderValue(encodeHeaderValue(value))).toBe(value);
  });
});

describe("decodeHeaderValue()", () => {
  it("returns a value that was never encoded unchanged", () => {
    expect(decodeHeaderValue("100%")).toBe("100%");
  });
});
