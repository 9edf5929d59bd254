/** Images of a universe, from its relay over HTTP. */
import { type Hash, UniverseError } from '@inner-universe/core'
import { IMAGE_CHUNK_BYTES, type ImageSource, MANIFEST_BYTES_MAX } from '@inner-universe/sync'
import { boundedBytes } from './bounded-bytes.ts'

/** Time one answer may take, ms: a mebibyte over a slow mobile network. */
const ANSWER_MS_MAX = 60_000

/** What deflate cannot make smaller it makes longer by a little. */
const CHUNK_BYTES_MAX = 2 * IMAGE_CHUNK_BYTES

/** The images of a universe at a relay. `token` gives the one in use. */
export function httpImages(options: {
  readonly url: string
  readonly universe: string
  readonly token: () => Promise<string>
}): ImageSource {
  const origin = new URL(options.url).origin.replace(/^ws/, 'http')
  const get = async (path: string, bytesMax: number): Promise<Uint8Array> => {
    const response = await fetch(`${origin}${path}`, {
      headers: { authorization: `Bearer ${await options.token()}` },
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      // Chunks are named by what is in them and are asked for once.
      cache: 'no-store',
      credentials: 'omit',
    })
    if (response.status === 401 || response.status === 403) {
      throw new UniverseError('sync/unauthorized', 'the relay refused the token for an image')
    }
    if (!response.ok || response.body === null) throw unavailable(path, response.status)
    return boundedBytes(response.body, bytesMax, () => unavailable(path, response.status))
  }
  const name = encodeURIComponent(options.universe)
  return {
    manifest: async (hash: Hash) =>
      new TextDecoder().decode(
        await get(`/v1/universes/${name}/images/${hash}`, MANIFEST_BYTES_MAX),
      ),
    chunk: (hash: Hash) => get(`/v1/chunks/${hash}`, CHUNK_BYTES_MAX),
  }
}

function unavailable(path: string, status: number): UniverseError {
  return new UniverseError('sync/image-invalid', `the relay does not give ${path} (${status})`)
}
