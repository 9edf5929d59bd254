import { type Remote, wrap } from 'comlink'
import type { Bare } from './bare.worker.ts'

/** Starts the floor's worker. */
export function startBare(): Remote<Bare> {
  return wrap<Bare>(new Worker(new URL('./bare.worker.ts', import.meta.url), { type: 'module' }))
}
