const mask = "***";

/** User and password of an address, up to the last "@" of its host part. */
const userInfo = /([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'`<>\\]*@/gi;

/** A password with a character that should be percent-encoded: what follows the colon is no port. */
const strayUserInfo =
  /([a-z][a-z0-9+.-]*:\/\/)[^\s/:@"'`<>\\]*:(?!\d+(?:[/?#\s"'`<>\\]|$))(?:(?!:\/\/)[^\s"'`<>\\])*@/gi;

const secretParameters =
  /([?&](?:ssl_?|client_|access_|refresh_|api_?)?(?:password|passwd|pwd|pass|token|secret|key|signature|sig)=)[^&\s#"'`<>\\]*/gi;

/**
 * Replaces the credentials of every address in a text: `postgres://app:secret@host/db?password=secret`
 * becomes `postgres://***@host/db?password=***`. Use it wherever an address may be shown; the logger, the
 * readiness and the errors of the configuration do.
 *
 * @example
 * console.log(redactUrls("nats://app:secret@127.0.0.1 refuses the login")); // nats://***@127.0.0.1 …
 */
export function redactUrls(text: string): string {
  if (!text.includes("://")) return text;
  return text
    .replaceAll(strayUserInfo, `$1${mask}@`)
    .replaceAll(userInfo, `$1${mask}@`)
    .replaceAll(secretParameters, `$1${mask}`);
}
