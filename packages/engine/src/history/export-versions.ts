/** Versions with their contents, to leave the universe as bytes. HISTORY.md HI60. */
import { UniverseError } from '@inner-universe/core'
import { type ExportRecord, encodeExport } from './export-codec.ts'
import type { PlanContent } from './retention-plan.ts'
import { universeIdsOf } from './universe-ids.ts'
import { completeContents } from './version-contents.ts'
import type { VersionKeeper } from './version-keeper.ts'

/**
 * The export of some versions, default all whose content is here whole, with those that their contents are based on,
 * and their names. Cost: reading and hashing it, about 16 µs per KiB; it is in memory as a whole.
 *
 * @throws UniverseError `history/version-unknown`, `history/not-ready`.
 */
export function exportVersions(
  keeper: VersionKeeper,
  versions?: readonly string[],
): Uint8Array<ArrayBuffer> {
  const contents = Map.groupBy(completeContents(keeper), ({ version }) => version)
  const asked = versions ?? keeper.rows.all().map(({ id }) => id)
  const chosen = new Set<string>()
  for (const id of asked) {
    const chain: string[] = []
    for (let next: string | null = id; next !== null && !chosen.has(next); ) {
      keeper.versionOf(next)
      const content: PlanContent | undefined = contents.get(next)?.[0]
      if (content === undefined || chain.includes(next)) {
        chain.length = 0
        if (versions !== undefined) throw notReady(next)
        break
      }
      chain.push(next)
      next = content.basis
    }
    // Order matters: a version comes after the one that its content is based on.
    for (const version of chain.reverse()) chosen.add(version)
  }
  const records = [...chosen].flatMap((id): ExportRecord[] => {
    const { createdMs: created, ...version } = keeper.versionOf(id)
    const [content] = contents.get(id) ?? []
    if (content === undefined) return []
    return [
      { kind: 'version', ...version, created },
      { kind: 'content', id: content.id, version: id, basis: content.basis },
      ...chunksOf(keeper, content.id),
    ]
  })
  for (const { kind, name, version } of keeper.rows.refs()) {
    if (chosen.has(version)) records.push({ kind: 'ref', id: `${kind}:${name}`, version })
  }
  return encodeExport(universeIdsOf(keeper.parts), records)
}

function chunksOf({ rows }: VersionKeeper, content: string): ExportRecord[] {
  const records: ExportRecord[] = []
  for (let ordinal = 0; ; ordinal++) {
    const chunk = rows.chunk(content, ordinal)
    if (chunk === undefined) return records
    records.push({ kind: 'chunk', id: `${content}/${ordinal}`, content, ordinal, ...chunk })
    if (chunk.seal !== null) return records
  }
}

function notReady(version: string): UniverseError {
  return new UniverseError(
    'history/not-ready',
    `the content of version "${version}" is not here whole yet; wait for it`,
    { details: { version } },
  )
}
