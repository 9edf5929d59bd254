/** Metadata of entities, relations and deltas: its shape, its defaults, and what changed in it. */
import { type Column, equalJson, type JsonValue, t } from '@inner-universe/core'
import { validationError } from './refusal.ts'
import { formatStatePath } from './state-path.ts'

/** Free values by name. */
export type Properties = Readonly<Record<string, JsonValue>>

/** What is known of an entity. Tags keep their order; a name that is not known is absent. */
export interface EntityMetadata {
  readonly name?: string | null | undefined
  readonly description?: string | null | undefined
  readonly tags: readonly string[]
  readonly properties: Properties
}

/** What is known of a relation. */
export interface RelationMetadata {
  readonly description?: string | null | undefined
  /** From 0 to 1. */
  readonly strength: number
  /** True when the relation may also be walked from its `to_entity` to its `from_entity`. */
  readonly bidirectional: boolean
  readonly tags: readonly string[]
  readonly properties: Properties
}

/** What is known of a delta record. */
export interface DeltaMetadata {
  readonly description: string
  readonly author?: string | null | undefined
  readonly tags: readonly string[]
  readonly parent_delta_id?: string | null | undefined
}

/** Metadata of an entity as given: tags default to none, properties to an empty map. */
export interface EntityMetadataInput {
  readonly name?: string | null | undefined
  readonly description?: string | null | undefined
  readonly tags?: readonly string[] | null | undefined
  readonly properties?: Properties | null | undefined
}

/** Metadata of a relation as given: strength defaults to 1, bidirectional to false. */
export interface RelationMetadataInput {
  readonly description?: string | null | undefined
  readonly strength?: number | null | undefined
  readonly bidirectional?: boolean | null | undefined
  readonly tags?: readonly string[] | null | undefined
  readonly properties?: Properties | null | undefined
}

/** A partial change: a field left out stays, null takes it away; properties change name by name. */
export interface EntityMetadataPatch extends EntityMetadataInput {
  /** Names of properties to take away: null is a value a property may have. */
  readonly removedProperties?: readonly string[] | null | undefined
}

/** A partial change of a relation's metadata; see {@link EntityMetadataPatch}. */
export interface RelationMetadataPatch extends RelationMetadataInput {
  readonly removedProperties?: readonly string[] | null | undefined
}

const texts = t.array(t.text()).optional()
const map = t.json<Properties>().optional()
const text = t.text().optional()
const strength = t.real().min(0).max(1).optional()
const bidirectional = t.bool().optional()

/** The argument of reducers that take the whole metadata of an entity. */
export const entityMetadataArgument: Column<EntityMetadataInput> = t.object({
  name: text,
  description: text,
  tags: texts,
  properties: map,
})

/** The argument of reducers that change part of the metadata of an entity. */
export const entityPatchArgument: Column<EntityMetadataPatch> = t.object({
  name: text,
  description: text,
  tags: texts,
  properties: map,
  removedProperties: texts,
})

/** The argument of reducers that take the whole metadata of a relation. */
export const relationMetadataArgument: Column<RelationMetadataInput> = t.object({
  description: text,
  strength,
  bidirectional,
  tags: texts,
  properties: map,
})

/** The argument of reducers that change part of the metadata of a relation. */
export const relationPatchArgument: Column<RelationMetadataPatch> = t.object({
  description: text,
  strength,
  bidirectional,
  tags: texts,
  properties: map,
  removedProperties: texts,
})

function propertiesOf(given: Properties | null | undefined): Properties {
  if (given === null || given === undefined) return {}
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw validationError('metadata.properties must be a map')
  }
  return given
}

/** The metadata of an entity with its defaults. */
export function entityMetadataOf(input: EntityMetadataInput): EntityMetadata {
  return {
    ...(typeof input.name === 'string' ? { name: input.name } : {}),
    ...(typeof input.description === 'string' ? { description: input.description } : {}),
    tags: input.tags ?? [],
    properties: propertiesOf(input.properties),
  }
}

/** The metadata of a relation with its defaults. */
export function relationMetadataOf(input: RelationMetadataInput): RelationMetadata {
  return {
    ...(typeof input.description === 'string' ? { description: input.description } : {}),
    strength: input.strength ?? 1,
    bidirectional: input.bidirectional ?? false,
    tags: input.tags ?? [],
    properties: propertiesOf(input.properties),
  }
}

/**
 * The input that replaces `before` when only the fields of `patch` change. A field of null gets its
 * default; of properties, those named are set and those in `removedProperties` go.
 */
export function patchedMetadata<
  Input extends { readonly properties?: Properties | null | undefined },
>(
  before: Input,
  patch: Input & { readonly removedProperties?: readonly string[] | null | undefined },
): Input {
  const { removedProperties, ...fields } = patch
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  const properties: Record<string, JsonValue> = {
    ...propertiesOf(before.properties),
    ...propertiesOf(patch.properties),
  }
  for (const name of removedProperties ?? []) delete properties[name]
  return { ...before, ...Object.fromEntries(given), properties }
}

/** What an update changed: the fields by path, and those fields before and after. */
export interface MetadataChange<Metadata> {
  readonly changedFields: readonly string[]
  readonly before: Partial<Metadata>
  readonly after: Partial<Metadata>
}

/** The fields compared, in the order `changed_fields` lists them; properties come last, by name. */
const FIELDS = ['name', 'description', 'strength', 'bidirectional', 'tags'] as const

function isSame(left: unknown, right: unknown): boolean {
  if (left === undefined || right === undefined) return left === right
  return equalJson(left as JsonValue, right as JsonValue)
}

/**
 * Compares two states of metadata. Properties are listed one by one (`properties.age`; dots in names
 * are escaped), and the states hold nothing that did not change.
 */
export function metadataChange<Metadata extends { readonly properties: Properties }>(
  before: Metadata,
  after: Metadata,
): MetadataChange<Metadata> {
  const changedFields: string[] = []
  const old: Record<string, unknown> = {}
  const now: Record<string, unknown> = {}
  const [fieldsBefore, fieldsAfter] = [before, after] as unknown as Record<string, unknown>[]
  for (const field of FIELDS) {
    const [left, right] = [fieldsBefore?.[field] ?? undefined, fieldsAfter?.[field] ?? undefined]
    if (isSame(left, right)) continue
    changedFields.push(field)
    if (left !== undefined) old[field] = left
    if (right !== undefined) now[field] = right
  }
  const oldProperties: Record<string, JsonValue> = {}
  const newProperties: Record<string, JsonValue> = {}
  const names = new Set([...Object.keys(before.properties), ...Object.keys(after.properties)])
  for (const name of [...names].sort()) {
    const [left, right] = [before.properties[name], after.properties[name]]
    if (isSame(left, right)) continue
    changedFields.push(formatStatePath(['properties', name]))
    if (left !== undefined) oldProperties[name] = left
    if (right !== undefined) newProperties[name] = right
  }
  if (Object.keys(oldProperties).length > 0) old.properties = oldProperties
  if (Object.keys(newProperties).length > 0) now.properties = newProperties
  return { changedFields, before: old as Partial<Metadata>, after: now as Partial<Metadata> }
}
