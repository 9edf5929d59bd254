/** Recorded editing of a text: a file of github.com/josephg/editing-traces, or typing made up here. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { createRandom } from '@inner-universe/core'

/** Deletes `deleteCount` UTF-16 units at a place and inserts a text there. */
export type Patch = readonly [at: number, deleteCount: number, inserted: string]

/** Edits of one author, in order. */
export interface Trace {
  readonly name: string
  readonly startContent: string
  readonly endContent: string
  readonly txns: readonly { readonly patches: readonly Patch[] }[]
}

/** Reads a trace: JSON, gzipped. */
export function readTrace(path: string): Trace {
  const name = path.slice(path.lastIndexOf('/') + 1).replace('.json.gz', '')
  const { startContent, endContent, txns } = JSON.parse(
    gunzipSync(readFileSync(path)).toString(),
  ) as Omit<Trace, 'name'>
  return { name, startContent, endContent, txns }
}

/** Typing in runs, with a leap now and then, and one letter in five taken back. */
export function makeTrace(editCount: number): Trace {
  const random = createRandom(new TextEncoder().encode('typing'))
  const txns: { readonly patches: readonly Patch[] }[] = []
  let text = ''
  let at = 0
  for (let edit = 0; edit < editCount; edit++) {
    if (random.integer(0, 40) === 0) at = random.integer(0, text.length)
    const isBack = at > 0 && random.integer(0, 4) === 0
    const letter = String.fromCharCode(random.integer(97, 122))
    const patch: Patch = isBack ? [at - 1, 1, ''] : [at, 0, letter]
    const [start, deleteCount, inserted] = patch
    text = text.slice(0, start) + inserted + text.slice(start + deleteCount)
    at = start + inserted.length
    txns.push({ patches: [patch] })
  }
  return { name: `${editCount} made-up edits`, startContent: '', endContent: text, txns }
}
