/** Tokens of a relay that gives them for the asking, as the one of `npm start` does. */
import { UniverseError } from '@inner-universe/client'

const ANSWER_MS_MAX = 10_000

/**
 * A fresh token.
 *
 * @throws UniverseError `sync/unauthorized` when the relay gives none; whatever `fetch` throws when it
 * cannot be reached, which sync takes for being offline.
 */
export async function fetchDevToken(request: {
  readonly relayUrl: string
  readonly universe: string
  readonly identity: string
}): Promise<string> {
  const { relayUrl, universe, identity } = request
  const response = await fetch(new URL('/v1/dev/token', relayUrl.replace(/^ws/, 'http')), {
    method: 'POST',
    body: JSON.stringify({ universe, identity }),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  })
  if (response.ok) return ((await response.json()) as { readonly token: string }).token
  if (response.status >= 500) throw new Error(`the relay answered ${response.status}`)
  throw new UniverseError(
    'sync/unauthorized',
    `the relay at ${relayUrl} gives no tokens for the asking (${response.status}); start it with development tokens, or choose another on the Sync page`,
  )
}
