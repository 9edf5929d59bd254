import { expect, test } from 'vitest'
import {
  type EntityMetadata,
  type EntityMetadataInput,
  type EntityMetadataPatch,
  entityMetadataOf,
  metadataChange,
  patchedMetadata,
  relationMetadataOf,
} from './metadata.ts'

test('an entity has no tags and no properties unless they are given', () => {
  expect(entityMetadataOf({ name: 'a', description: null })).toEqual({
    name: 'a',
    tags: [],
    properties: {},
  })
})

test('a relation has strength 1 and one direction unless told otherwise', () => {
  expect(relationMetadataOf({})).toEqual({
    strength: 1,
    bidirectional: false,
    tags: [],
    properties: {},
  })
})

test('properties that are no map are refused', () => {
  expect(() => entityMetadataOf({ properties: [1] as never })).toThrow(
    'metadata.properties must be a map',
  )
})

test('changed fields come in order: name, description, tags, then properties by name', () => {
  const before: EntityMetadata = {
    name: 'a',
    tags: ['x'],
    properties: { z: 1, gone: 1, same: { b: 1, a: 2 } },
  }
  const after: EntityMetadata = {
    name: 'b',
    description: 'd',
    tags: ['y'],
    properties: { same: { a: 2, b: 1 }, z: 2, 'dotted.name': null },
  }
  expect(metadataChange(before, after)).toEqual({
    changedFields: [
      'name',
      'description',
      'tags',
      'properties.dotted\\.name',
      'properties.gone',
      'properties.z',
    ],
    before: { name: 'a', tags: ['x'], properties: { z: 1, gone: 1 } },
    after: { name: 'b', description: 'd', tags: ['y'], properties: { z: 2, 'dotted.name': null } },
  })
})

test('what did not change is not listed and not carried', () => {
  const same = { name: 'a', tags: ['x'], properties: { p: [1] } }
  expect(metadataChange(same, { ...same, properties: { p: [1] } })).toEqual({
    changedFields: [],
    before: {},
    after: {},
  })
})

test('a patch keeps what it does not name, sets what it names, and removes by name', () => {
  const before: EntityMetadataInput = {
    name: 'a',
    description: 'd',
    tags: ['x'],
    properties: { a: 1, b: 2, c: 3 },
  }
  const patch: EntityMetadataPatch = {
    description: null,
    tags: undefined,
    properties: { b: null },
    removedProperties: ['c', 'none'],
  }
  expect(entityMetadataOf(patchedMetadata(before, patch))).toEqual({
    name: 'a',
    tags: ['x'],
    properties: { a: 1, b: null },
  })
})
