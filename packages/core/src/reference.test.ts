import { describe, expect, it } from 'vitest'
import { type ReferenceNode, settleRegion, visibleKeys } from './reference.ts'

/** `a`: alive; `(a)`: dead. `a -> b`: keep; `a => b`: cascade. */
function visibleIn(...lines: readonly string[]): string {
  const nodes = new Map<
    string,
    ReferenceNode & { cascadeTargets: string[]; keepTargets: string[] }
  >()
  for (const line of lines) {
    const [from = '', rule, to] = line.split(' ')
    const name = from.replace(/[()]/g, '')
    const node = nodes.get(name) ?? {
      isAlive: !from.startsWith('('),
      cascadeTargets: [],
      keepTargets: [],
    }
    if (rule === '->' && to !== undefined) node.keepTargets.push(to)
    if (rule === '=>' && to !== undefined) node.cascadeTargets.push(to)
    nodes.set(name, node)
  }
  const visible = visibleKeys(nodes)
  const settled = settleRegion(nodes, { isVisible: () => false, isKept: () => false })
  expect(settled).toEqual(visible)
  return [...visible].sort().join(' ')
}

describe('[MR9] keep', () => {
  it('a dead row shows again while a visible row refers to it', () => {
    expect(visibleIn('relation -> entity', '(entity)')).toBe('entity relation')
    expect(visibleIn('(relation) -> entity', '(entity)')).toBe('')
  })

  it('goes along chains of dead rows', () => {
    expect(visibleIn('a -> b', '(b) -> c', '(c) -> d', '(d)')).toBe('a b c d')
  })

  it('dead rows that keep each other, or themselves, stay dead', () => {
    expect(visibleIn('(a) -> b', '(b) -> a')).toBe('')
    expect(visibleIn('(a) -> a')).toBe('')
    expect(visibleIn('(a) -> b', '(b) -> a', 'x -> a')).toBe('a b x')
  })

  it('a target that was never seen changes nothing', () => {
    expect(visibleIn('a -> nowhere')).toBe('a')
  })
})

describe('[MR9] cascade', () => {
  it('hides rows whose target is not visible, down the tree', () => {
    expect(visibleIn('(root)', 'child => root', 'leaf => child', 'other')).toBe('other')
    expect(visibleIn('root', 'child => root', 'leaf => child')).toBe('child leaf root')
  })

  it('a target that was never seen is not visible', () => {
    expect(visibleIn('a => nowhere')).toBe('')
  })

  it('rows that cascade on each other, or on themselves, stand while nothing else falls', () => {
    expect(visibleIn('a => b', 'b => a')).toBe('a b')
    expect(visibleIn('a => a')).toBe('a')
    expect(visibleIn('a => b', 'b => a', 'b => gone', '(gone)')).toBe('')
    expect(visibleIn('(a) => a')).toBe('')
  })
})

describe('[MR9] keep and cascade together', () => {
  it('a hidden row keeps nothing', () => {
    expect(visibleIn('(root)', 'child => root', 'child -> entity', '(entity)')).toBe('')
  })

  it('a kept row is a target like any other', () => {
    expect(visibleIn('x -> root', '(root)', 'child => root')).toBe('child root x')
  })

  it('a kept row still falls with its own cascade target', () => {
    expect(visibleIn('x -> child', '(child) => root', '(root)')).toBe('x')
  })

  it('a row that would only be kept by what hangs on it stays dead', () => {
    expect(visibleIn('(root)', 'child => root', 'child -> root')).toBe('')
    expect(visibleIn('(root)', 'child => root', 'child -> root', 'x -> root')).toBe('child root x')
  })

  it('falls of several alternations settle', () => {
    expect(
      visibleIn('a => b', '(b)', 'a -> c', '(c)', 'd => c', 'd -> e', '(e)', 'f => e', 'g'),
    ).toBe('g')
  })
})
