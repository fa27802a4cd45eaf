// An image in a line of a compose file, a Kubernetes manifest or a Dockerfile. An image with a variable in
// its name, or without a tag, is no public one.
const line =
  /^(?<before>\s*(?:-\s+)?image:\s+|FROM\s+|#\s*syntax=)(?<name>[\w./:-]+):(?<tag>[\w.-]+)(?<digest>@sha256:[0-9a-f]{64})?(?=\s|$)/gm;

/** Returns the public images of a file as `<name>:<tag>`, each once. */
export function findImages(text) {
  const found = [...text.matchAll(line)].map(({ groups }) => `${groups.name}:${groups.tag}`);
  return [...new Set(found)];
}

/** Returns the text with the digest of each image, by `<name>:<tag>`, after its tag. */
export function writeDigests(text, digests) {
  return text.replaceAll(line, (whole, ...rest) => {
    const { before, name, tag } = rest.at(-1);
    const digest = digests.get(`${name}:${tag}`);
    return digest === undefined ? whole : `${before}${name}:${tag}@${digest}`;
  });
}
