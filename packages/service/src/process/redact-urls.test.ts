import { describe, expect, it } from "vitest";
import { redactUrls } from "./redact-urls.ts";

describe("redactUrls()", () => {
  it.each([
    ["postgres://app:secret@db:5433/app", "postgres://***@db:5433/app"],
    ["nats://app:secret@a:4222,nats://t0ken@b", "nats://***@a:4222,nats://***@b"],
    ["postgres://app:p@ss@db/app", "postgres://***@db/app"],
    ["postgres://app:sec/ret#1@db/app", "postgres://***@db/app"],
    ["postgres://app:%40secret@[::1]/app", "postgres://***@[::1]/app"],
    ["postgres://db/app?user=app&password=secret", "postgres://db/app?user=app&password=***"],
    ["https://id/keys?access_token=secret&v=1", "https://id/keys?access_token=***&v=1"],
    [
      'cannot reach "nats://app:secret@a": refused, then "nats://app:secret@b"',
      'cannot reach "nats://***@a": refused, then "nats://***@b"',
    ],
  ])("redacts %s", (text, expected) => {
    expect(redactUrls(text)).toBe(expected);
  });

  it.each([
    "postgres://db:5433/app?sslmode=require",
    "http://127.0.0.1:8080/users/@ada",
    "https://example.com/a:b@c",
    "mail ada@example.com, password=unknown",
    "//trips.example.com",
  ])("leaves %s as it is", (text) => {
    expect(redactUrls(text)).toBe(text);
  });
});
