import { expect, test } from 'vitest'
import { type EventRow, eventLineOf } from './event-line.ts'

function event(type: string, data: object, names: Partial<EventRow> = {}): EventRow {
  return {
    event_id: 'e',
    event_type: type,
    source: null,
    timestamp: 0,
    data: JSON.stringify(data),
    name: null,
    to_name: null,
    ...names,
  }
}

test('an update names what changed, and the entity by its name now', () => {
  const data = { entity_id: '1', changed_fields: ['name', 'properties.age'] }
  expect(eventLineOf(event('ENTITY_UPDATED', data, { name: 'dog' }))).toEqual({
    kind: 'entities',
    verb: 'Changed name, age of',
    subject: 'dog',
    entityId: '1',
  })
})

test('an entity that is gone cannot be opened, and keeps the name it was made with', () => {
  const data = { entity_id: '1', entity_type: 'noun', metadata: { name: 'cat' } }
  expect(eventLineOf(event('ENTITY_CREATED', data))).toEqual({
    kind: 'entities',
    verb: 'Created noun',
    subject: 'cat',
    entityId: undefined,
  })
})

test('events of an app are custom and go by their type', () => {
  expect(eventLineOf(event('GAME_OVER', {}))).toMatchObject({ kind: 'custom', verb: 'GAME_OVER' })
})
