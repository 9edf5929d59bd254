/** All bytes of a stream. @throws what `tooMany` makes when they are more than `bytesMax`. */
export async function boundedBytes(
  stream: ReadableStream<Uint8Array>,
  bytesMax: number,
  tooMany: () => Error,
): Promise<Uint8Array> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let byteCount = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    byteCount += value.byteLength
    if (byteCount > bytesMax) {
      // Nobody waits for what is left.
      reader.cancel().catch(() => undefined)
      throw tooMany()
    }
    chunks.push(value)
  }
  const [only] = chunks
  if (only !== undefined && chunks.length === 1) return only
  const all = new Uint8Array(byteCount)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
  }
  return all
}
