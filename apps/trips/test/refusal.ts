import { type Code, ConnectError } from "@connectrpc/connect";

/** refusalOf is the code and the sentence that a call fails with; undefined when it does not. */
export async function refusalOf(
  call: Promise<unknown>,
): Promise<{ code: Code; sentence: string } | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    return { code, sentence: rawMessage };
  }
}
