import { expect, test } from 'vitest'
import { readLines } from './line-stream.ts'

async function linesOf(...chunks: readonly string[]): Promise<string[]> {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      controller.close()
    },
  })
  const lines: string[] = []
  for await (const some of readLines(stream)) lines.push(...some)
  return lines
}

test('a line may come in several pieces, and pieces may hold several lines', async () => {
  expect(await linesOf('one\ntw', 'o\n', 'thr', 'ee\nfour\n')).toEqual([
    'one',
    'two',
    'three',
    'four',
  ])
})

test('the last line needs no newline, and an empty file has none', async () => {
  expect(await linesOf('a\nb')).toEqual(['a', 'b'])
  expect(await linesOf()).toEqual([])
})

test('leaving the loop early lets go of the stream', async () => {
  let isCancelled = false
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('x\n')),
    cancel: () => {
      isCancelled = true
    },
  })
  for await (const _ of readLines(stream)) break
  expect(isCancelled).toBe(true)
})
