import { expect, test } from 'vitest'
import { type PressedKey, wayOfKey } from './undo-key.ts'

const page = { closest: () => null }
const press = (more: object): PressedKey => ({
  key: 'z',
  ctrlKey: true,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  defaultPrevented: false,
  target: page as unknown as EventTarget,
  ...more,
})

test('Ctrl+Z and Cmd+Z go back, with Shift and Ctrl+Y forth', () => {
  expect(wayOfKey(press({}))).toBe('undo')
  expect(wayOfKey(press({ ctrlKey: false, metaKey: true }))).toBe('undo')
  expect(wayOfKey(press({ key: 'Z', shiftKey: true }))).toBe('redo')
  expect(wayOfKey(press({ key: 'y' }))).toBe('redo')
})

test('all other keys, and all keys in text and dialogs, are somebody else’s', () => {
  const inText = { closest: () => page }
  for (const more of [
    { ctrlKey: false },
    { altKey: true },
    { key: 'x' },
    { key: 'y', shiftKey: true },
    { defaultPrevented: true },
    { target: inText },
  ]) {
    expect(wayOfKey(press(more)), JSON.stringify(more)).toBeUndefined()
  }
  expect(wayOfKey(press({ target: null }))).toBe('undo')
})
