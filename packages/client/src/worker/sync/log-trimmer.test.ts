import { virtualScheduler } from '@inner-universe/sync/testing'
import { expect, test } from 'vitest'
import { LogTrimmer, SLICE_PAUSE_MS } from './log-trimmer.ts'

function trimmed(leftBySlice: number[]) {
  const scheduler = virtualScheduler()
  const slices: number[] = []
  const faults: unknown[] = []
  let floor: { offset: number; baseOffset: number } | undefined
  const engine = {
    replica: { lastFloor: () => floor },
    dropLog: (throughOffset: number) => {
      slices.push(throughOffset)
      const left = leftBySlice.shift()
      if (left === undefined) throw new Error('the disk is full')
      return left
    },
  }
  const trimmer = new LogTrimmer({
    engine: () => engine as never,
    scheduler,
    onFault: (error) => faults.push(error),
  })
  return {
    trimmer,
    slices,
    faults,
    lay: (offset: number, baseOffset: number) => {
      floor = { offset, baseOffset }
      trimmer.check()
    },
    advance: (pauses: number) => scheduler.advance(pauses * SLICE_PAUSE_MS),
  }
}

test('a floor is gone through slice by slice, with pauses, and once', async () => {
  const { lay, slices, advance, trimmer } = trimmed([2, 1, 0])
  trimmer.check()
  lay(9, 5)
  expect(slices).toEqual([])
  await advance(1)
  expect(slices).toEqual([5])
  trimmer.check()
  await advance(10)
  expect(slices).toEqual([5, 5, 5])
  trimmer.check()
  await advance(10)
  expect(slices).toHaveLength(3)
})

test('a floor that comes meanwhile is gone through as well', async () => {
  const { lay, slices, advance } = trimmed([1, 0, 0])
  lay(9, 5)
  await advance(1)
  lay(20, 15)
  await advance(10)
  expect(slices).toEqual([5, 15])
  lay(30, 25)
  await advance(10)
  expect(slices).toEqual([5, 15, 25])
})

test('a slice that fails is told of, and the next floor tries again', async () => {
  const { lay, slices, faults, advance, trimmer } = trimmed([])
  lay(9, 5)
  await advance(10)
  expect([slices, faults.length]).toEqual([[5], 1])
  trimmer.check()
  await advance(10)
  expect(slices).toHaveLength(2)
})

test('nothing is trimmed once it is stopped', async () => {
  const { lay, slices, advance, trimmer } = trimmed([0])
  lay(9, 5)
  trimmer.stop()
  await advance(10)
  expect(slices).toEqual([])
})
