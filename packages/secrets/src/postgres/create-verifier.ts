import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);
const iterations = 4096;

/** Creates a password of 192 random bits in letters that a URL carries as they are. */
export function createPassword(): string {
  return randomBytes(24).toString("base64url");
}

/**
 * Creates the verifier that PostgreSQL stores of an ASCII password (SCRAM-SHA-256, RFC 5803). A server that
 * gets the verifier in place of the password neither sees nor logs the password.
 */
export async function createVerifier(password: string): Promise<string> {
  const salt = randomBytes(16);
  const salted = await derive(password, salt, iterations, 32, "sha256");
  const sign = (text: string) => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(sign("Client Key")).digest("base64");
  const serverKey = sign("Server Key").toString("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}
