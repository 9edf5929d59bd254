import { COMMIT_VERSION_REDUCER, HISTORY_TABLES, type RowChange } from '@inner-universe/core'
import type { Call, Engine } from '@inner-universe/engine'
import { expect, test } from 'vitest'
import { IdleFilling } from './idle-filling.ts'

/** Filling of an engine with as many slices of versions to do as the test says. */
function setup({ hasVersions = true } = {}) {
  const told = { versions: 0, views: 0 }
  const faults: unknown[] = []
  const work = { slices: 0, views: 0, fault: undefined as Error | undefined }
  const engine = {
    viewStates: () => Array.from({ length: work.views }, () => ({ kind: 'filling' })),
    fillViews: () => {
      work.views -= 1
    },
    history: {
      fill: () => {
        if (work.fault !== undefined) throw work.fault
        work.slices = Math.max(0, work.slices - 1)
        return work.slices > 0
      },
    },
  } as unknown as Engine
  const filling = new IdleFilling({
    engine: () => engine,
    hasVersions,
    onViews: () => {
      told.views += 1
    },
    onVersions: () => {
      told.versions += 1
    },
    onFault: (fault) => faults.push(fault),
  })
  const runAll = (): number => {
    let runCount = 0
    for (; filling.isBusy; runCount++) filling.run()
    return runCount
  }
  return { filling, work, told, faults, runAll }
}

const callOf = (reducer: string) => ({ reducer }) as Call
const changeOf = (table: string) => ({ table }) as RowChange

test('work of versions is looked for when there may be some, and told of now and then', () => {
  const { filling, work, told, runAll } = setup()
  expect(filling.isBusy).toBe(false)
  filling.note()
  expect([runAll(), told.versions]).toEqual([1, 1])
  filling.noteCalls([callOf('add')])
  filling.noteChanges([changeOf('note')])
  expect(filling.isBusy).toBe(false)
  work.slices = 100
  filling.noteChanges([changeOf('note'), changeOf(HISTORY_TABLES.chunk)])
  expect(runAll()).toBe(100)
  // Every 32 slices, and at the end.
  expect(told.versions).toBe(1 + 4)
  filling.noteCalls([callOf(COMMIT_VERSION_REDUCER)])
  expect(runAll()).toBe(1)
})

test('a fault is reported, and what was begun goes on with the next version', () => {
  const { filling, work, faults, runAll } = setup()
  work.fault = new Error('the disk is full')
  filling.note()
  expect(runAll()).toBe(1)
  expect(faults).toEqual([work.fault])
  work.fault = undefined
  work.slices = 3
  filling.noteCalls([callOf(COMMIT_VERSION_REDUCER)])
  expect(runAll()).toBe(3)
})

test('an engine without versions is asked for views alone', () => {
  const { filling, work, told, faults, runAll } = setup({ hasVersions: false })
  work.fault = new Error('never asked')
  work.views = 2
  filling.note()
  filling.noteCalls([callOf(COMMIT_VERSION_REDUCER)])
  filling.noteChanges([changeOf(HISTORY_TABLES.version)])
  expect(runAll()).toBe(2)
  expect([told.views, told.versions, faults.length]).toEqual([2, 0, 0])
})
