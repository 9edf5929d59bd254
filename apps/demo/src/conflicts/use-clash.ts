/** One clash with what it is about and what can be done. */

import type { JsonValue } from '@inner-universe/client'
import type { EntityMetadata, EntityMetadataPatch } from '@inner-universe/universe'
import { useState } from 'react'
import { nameOf } from '../data/entity.ts'
import { usePeople } from '../presence/presence-context.tsx'
import { useUnsynced } from '../sync/unsynced-context.tsx'
import { useEdits } from '../undo/edits-context.tsx'
import { useLiveSql } from '../universe.ts'
import { type Clash, type ClashField, sentenceOf } from './clash.ts'
import { useClashes } from './conflicts-context.tsx'

/** What the row is now, and the log of an entity, oldest first. */
const ROW_SQL = `select
  (select metadata from entity where id = ?1) as metadata,
  exists(select 1 from relation where id = ?1) as is_relation,
  (select json_group_array(json_array(event_type, json(data)) order by event_id) from event_log
    where source = ?1 and event_type like 'ENTITY_%') as history`

interface ClashRow {
  readonly metadata: string | null
  readonly is_relation: number
  readonly history: string
}

/** Something to do about a clash other than to leave it. */
export interface ClashAction {
  readonly label: string
  readonly run: () => Promise<unknown>
}

/** A clash as it is shown. */
export interface ShownClash {
  /** Of the entity; undefined while it is not known. */
  readonly name: string | undefined
  readonly isThere: boolean
  readonly sentence: string
  /** Words for leaving everything as it is. */
  readonly keepLabel: string
  readonly keep: () => void
  readonly action: ClashAction | undefined
  readonly isBusy: boolean
  readonly error: unknown
}

/** What can be said of a clash and done about it. */
export function useClash(clash: Clash): ShownClash {
  const { reducers } = useEdits()
  const { note } = useUnsynced()
  const { people } = usePeople()
  const { dismiss } = useClashes()
  const row = useLiveSql<ClashRow>(ROW_SQL, [clash.id])
  const [isBusy, setIsBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const { id, winner, fields } = clash
  const [found] = row.rows
  const isEntity = clash.table === 'entity'
  const isThere = isEntity ? found?.metadata != null : found?.is_relation === 1
  const now = found?.metadata == null ? undefined : (JSON.parse(found.metadata) as EntityMetadata)
  const last = lostOf(found)
  const metadata = now ?? last?.metadata
  const name = metadata === undefined ? undefined : nameOf({ id: id as never, metadata })
  const author = people.find(({ editedIds }) => editedIds.includes(id))

  const known = name ?? 'an entity'

  function actionOf(): ClashAction | undefined {
    if (!isEntity || !row.isReady) return undefined
    if (clash.kind === 'overridden' && isThere && fields.length > 0) {
      const side = winner === 'theirs' ? 'ours' : 'theirs'
      const patch = patchOf(fields, side)
      return {
        label: side === 'ours' ? 'Use mine' : 'Use theirs',
        run: async () =>
          note(
            reducers.patchEntity({ id, metadata: patch }, { undoLabel: `Changed ${known}` }),
            () => ({ verb: 'Changed', name: known, ids: [id] }),
          ),
      }
    }
    if (clash.kind === 'deleted' && !isThere && last !== undefined) {
      const items = [{ id, type: last.type, metadata: last.metadata }]
      return {
        label: 'Bring it back',
        run: async () =>
          note(reducers.createEntities({ items }, { undoLabel: `Brought back ${known}` }), () => ({
            verb: 'Brought back',
            name: known,
            ids: [id],
          })),
      }
    }
    return undefined
  }

  const action = actionOf()
  return {
    name,
    isThere,
    sentence: sentenceOf(clash, author?.name ?? 'another device', isThere),
    keepLabel:
      clash.kind !== 'overridden' || action === undefined
        ? 'Leave it so'
        : winner === 'theirs'
          ? 'Keep theirs'
          : 'Keep mine',
    keep: () => dismiss(clash),
    action: action && {
      ...action,
      run: async () => {
        setIsBusy(true)
        try {
          await action.run()
          dismiss(clash)
        } catch (failure) {
          setError(failure)
        } finally {
          setIsBusy(false)
        }
      },
    },
    isBusy,
    error,
  }
}

interface Lost {
  readonly type: string
  readonly metadata: EntityMetadata
}

type Event = readonly [
  type: string,
  data: {
    readonly entity_type?: string
    readonly metadata?: EntityMetadata
    readonly new_metadata?: Partial<EntityMetadata>
  },
]

/** An entity that is gone, as far as the log tells: of an imported one only what was changed since. */
function lostOf(row: ClashRow | undefined): Lost | undefined {
  if (row === undefined || row.metadata !== null) return undefined
  let type: string | undefined
  let metadata: EntityMetadata = { tags: [], properties: {} }
  for (const [, data] of JSON.parse(row.history) as readonly Event[]) {
    type = data.entity_type ?? type
    const { properties, ...written } = { ...data.metadata, ...data.new_metadata }
    metadata = {
      ...metadata,
      ...written,
      properties: { ...metadata.properties, ...properties },
    }
  }
  const isEmpty = metadata.name === undefined && metadata.description === undefined
  return type === undefined || isEmpty ? undefined : { type, metadata }
}

/** The change that makes one side's values stand. */
function patchOf(fields: readonly ClashField[], side: 'ours' | 'theirs'): EntityMetadataPatch {
  const properties: Record<string, JsonValue> = {}
  const removedProperties: string[] = []
  const patch: Record<string, JsonValue> = {}
  for (const { name, isProperty, ...values } of fields) {
    const value = values[side]
    if (!isProperty) patch[name] = value
    else if (value === null) removedProperties.push(name)
    else properties[name] = value
  }
  return { ...patch, properties, removedProperties }
}
