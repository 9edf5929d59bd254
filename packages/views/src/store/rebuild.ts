/** Fills a view from the start. */
import type { Deltas } from '../circuit.ts'
import type { RebuildReason, ViewStoreOptions } from './view-store.ts'

/** Takes all batches that the caller's `rebuild` gives, one step each, and tells how far it is. */
export async function rebuildFrom(
  { rebuild, onProgress }: Pick<ViewStoreOptions, 'rebuild' | 'onProgress'>,
  reason: RebuildReason,
  step: (inputs: Deltas) => unknown,
): Promise<void> {
  if (rebuild === undefined) return
  let batches = 0
  let rows = 0
  for await (const inputs of rebuild(reason)) {
    await step(inputs)
    batches += 1
    for (const delta of inputs.values()) rows += delta.length
    onProgress?.({ reason, batches, rows })
  }
}
