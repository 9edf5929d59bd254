/**
 * Tokens and identities that are refused although their tokens are good. Kept as a JSON file in the
 * data directory, `{ "tokens": [...], "identities": [...] }`, that a running relay reads again when it
 * changes. A look-up is two set look-ups: it is made for every message that writes.
 */
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { UniverseError } from '@inner-universe/core'
import type { TokenClaims } from '@inner-universe/sync/relay-side'
import { z } from 'zod'

/** Name of the list in the data directory. */
export const REVOCATIONS_FILE = 'revoked.json'

/** What is revoked. */
export interface RevocationList {
  readonly tokens: readonly string[]
  readonly identities: readonly string[]
}

/** The revocations a relay keeps to. */
export interface Revocations {
  isRevoked(claims: Pick<TokenClaims, 'identity' | 'tokenId'>): boolean
  /** Adds to the list, on disk too. Holds at once. */
  revoke(added: Partial<RevocationList>): void
  /** Reads the file again if it has changed; true if it had. @throws as {@link openRevocations}. */
  refresh(): boolean
}

const list = z.strictObject({
  tokens: z.array(z.string()).default([]),
  identities: z.array(z.string()).default([]),
})

/**
 * Opens the list in a file, or one in memory that is empty.
 *
 * @throws UniverseError `relay/config-invalid` when the file is not such a list.
 */
export function openRevocations(path: string | undefined): Revocations {
  let tokens: ReadonlySet<string> = new Set()
  let identities: ReadonlySet<string> = new Set()
  let changed = ''
  const refresh = (): boolean => {
    const found = path === undefined ? '' : mark(path)
    if (path === undefined || found === changed) return false
    // Noted first: a file that cannot be read is complained of once, and the old list holds on.
    changed = found
    const read = found === '' ? { tokens: [], identities: [] } : readList(path)
    tokens = new Set(read.tokens)
    identities = new Set(read.identities)
    return true
  }
  refresh()
  return {
    isRevoked({ identity, tokenId }) {
      return identities.has(identity) || (tokenId !== undefined && tokens.has(tokenId))
    },
    revoke(added) {
      refresh()
      tokens = new Set([...tokens, ...(added.tokens ?? [])])
      identities = new Set([...identities, ...(added.identities ?? [])])
      if (path === undefined) return
      const text = JSON.stringify({ tokens: [...tokens], identities: [...identities] }, null, 2)
      // Renamed into place: a relay that reads meanwhile sees the old list or the new one.
      writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 })
      renameSync(`${path}.new`, path)
      changed = mark(path)
    },
    refresh,
  }
}

/** Changes with the file; `''`: there is none. */
function mark(path: string): string {
  if (!existsSync(path)) return ''
  const { mtimeMs, size, ino } = statSync(path)
  return `${mtimeMs} ${size} ${ino}`
}

function readList(path: string): RevocationList {
  try {
    return list.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new UniverseError(
      'relay/config-invalid',
      `${path} is not a list of revocations; correct it: { "tokens": [], "identities": [] }`,
      { cause },
    )
  }
}
