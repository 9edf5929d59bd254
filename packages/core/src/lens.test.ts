import { describe, expect, it } from 'vitest'
import { t } from './column.ts'
import { deriveCells } from './lens.ts'
import { table } from './table.ts'

const { definition } = table({
  key: t.key(),
  done: t.bool().default(false),
  state: t
    .enum(['open', 'closed'])
    .default('open')
    .from<boolean>('done', {
      forward: (done) => (done ? 'closed' : 'open'),
      backward: (state) => state === 'closed',
    }),
  level: t
    .int()
    .optional()
    .from<'open' | 'closed'>('state', { forward: (state) => (state === 'closed' ? 9 : 1) }),
  cents: t
    .int()
    .default(-1)
    .from<string>('price', {
      forward: (price) => {
        if (price === 'free') throw new Error('no number')
        return Number(price) * 100
      },
    }),
  price: t.text().optional(),
})

const update = (cells: Record<string, string | number | null>) => deriveCells(definition, cells)

describe('[MR23] a cell that is not named', () => {
  it('follows from an older one, step by step', () => {
    expect(update({ done: 1 })).toEqual({ done: 1, state: 'closed', level: 9 })
    expect(update({ price: '1.5' })).toEqual({ price: '1.5', cents: 150 })
  })

  it('follows from a newer one that has a way back, and others from it', () => {
    expect(update({ state: 'closed' })).toEqual({ done: 1, state: 'closed', level: 9 })
    expect(update({ level: 3 })).toEqual({ level: 3 })
  })

  it('does not follow from others if it is named', () => {
    expect(update({ done: 1, state: 'open' })).toEqual({ done: 1, state: 'open', level: 1 })
  })

  it('is the default where the lens gives nothing that fits', () => {
    expect(update({ price: 'free' })).toEqual({ price: 'free', cents: -1 })
    expect(update({ price: '0.001' })).toEqual({ price: '0.001', cents: -1 })
    expect(update({ price: null })).toEqual({ price: null, cents: -1 })
  })

  it('stays away where the older one does not fit, but for an insert', () => {
    expect(update({ done: 'yes' })).toEqual({ done: 'yes' })
    expect(
      deriveCells(definition, { done: 'yes' }, (column) => (column === 'done' ? 0 : undefined)),
    ).toMatchObject({
      done: 'yes',
      state: 'open',
      level: 1,
    })
  })

  it('is none in a table without lenses', () => {
    const cells = { a: 1 }
    const plain = table({ key: t.key(), a: t.int() }).definition
    expect(deriveCells(plain, cells)).toBe(cells)
  })
})
