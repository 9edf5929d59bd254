/** The batches of an import, parsed in a worker, as the page takes them. */
import type { ImportBatch, ImportScope } from './read-wordnet.ts'
import type { WordnetAnswer, WordnetRequest } from './wordnet.worker.ts'

/** Batches parsed ahead of what the page has taken: hides the way there and back. */
const AHEAD = 3

/**
 * Starts the worker and gives its batches; ends it when the loop over them ends, also early.
 *
 * @throws Error when a data file cannot be fetched or read.
 */
export async function* wordnetBatches(scope: ImportScope): AsyncGenerator<ImportBatch> {
  const worker = new Worker(new URL('./wordnet.worker.ts', import.meta.url), {
    type: 'module',
    name: 'wordnet',
  })
  const answers: WordnetAnswer[] = []
  let wake: (() => void) | undefined
  const take = (answer: WordnetAnswer): void => {
    answers.push(answer)
    wake?.()
  }
  worker.onmessage = (event: MessageEvent<WordnetAnswer>) => take(event.data)
  worker.onerror = (event) =>
    take({ kind: 'failed', message: event.message || 'the parser could not be started' })
  const ask = (request: WordnetRequest): void => worker.postMessage(request)
  try {
    ask({ kind: 'start', scope })
    for (let count = 0; count < AHEAD; count++) ask({ kind: 'next' })
    for (;;) {
      const answer = answers.shift()
      if (answer === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      if (answer.kind === 'failed') throw new Error(answer.message)
      if (answer.kind === 'done') return
      ask({ kind: 'next' })
      yield answer.batch
    }
  } finally {
    worker.terminate()
  }
}
