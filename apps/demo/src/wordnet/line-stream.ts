/**
 * Splits a stream of bytes into lines, in arrays as they come; the newline is not part of a line.
 *
 * WordNet's files are ASCII, so that bytes received and characters decoded are the same number.
 */
export async function* readLines(
  bytes: ReadableStream<Uint8Array>,
  onBytes: (byteCount: number) => void = () => undefined,
): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder('ascii')
  let rest = ''
  // Not `for await`: Safari has no async iteration of streams.
  const reader = bytes.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      onBytes(value.byteLength)
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      if (lines.length > 0) yield lines
    }
    if (rest !== '') yield [rest]
  } finally {
    await reader.cancel().catch(() => undefined) // An errored stream has nothing left to cancel.
  }
}
