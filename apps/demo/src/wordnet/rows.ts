/** Synsets and pointers as the entities and relations of the standard module. */
import type { Id } from '@inner-universe/core'
import type { EntityMetadataInput, RelationMetadataInput } from '@inner-universe/universe'
import type { Synset } from './synset.ts'
import { pointerId, synsetId } from './wordnet-id.ts'

/** An entity as the bulk reducer takes it. */
export interface EntityInput {
  readonly id: Id<'entity'>
  readonly type: string
  readonly metadata: EntityMetadataInput
}

/** A relation as the bulk reducer takes it. */
export interface RelationInput {
  readonly id: Id<'relation'>
  readonly from: Id<'entity'>
  readonly to: Id<'entity'>
  readonly type: string
  readonly metadata: RelationMetadataInput
}

/** The entity of a synset. */
export function entityOf(synset: Synset): EntityInput {
  return {
    id: synsetId(synset.key),
    type: synset.partOfSpeech,
    metadata: {
      name: synset.lemmas[0] ?? synset.key,
      description: synset.gloss,
      tags: [synset.lexFile],
      properties: {
        lemmas: synset.lemmas,
        lexFile: synset.lexFile,
        synsetOffset: synset.offset,
        ...(synset.isSatellite ? { satellite: true } : {}),
        ...(synset.frames.length > 0 ? { frames: synset.frames } : {}),
      },
    },
  }
}

/** The relations of a synset's pointers, those to synsets that `isWanted` refuses left out. */
export function relationsOf(
  synset: Pick<Synset, 'key' | 'pointers'>,
  isWanted: (targetKey: string) => boolean = () => true,
): RelationInput[] {
  const from = synsetId(synset.key)
  const relations: RelationInput[] = []
  for (const [index, { type, target, words }] of synset.pointers.entries()) {
    if (!isWanted(target)) continue
    relations.push({
      id: pointerId(synset.key, index + 1),
      from,
      to: synsetId(target),
      type,
      metadata:
        words === undefined
          ? {}
          : { properties: { sourceWord: words.source, targetWord: words.target } },
    })
  }
  return relations
}
