/** Steps over state that must be announced. */
import type { Circuit, Deltas } from '../circuit.ts'
import type { AnnouncedState } from './announced-state.ts'

/** Takes one step of a circuit over such state, loading what it asks for; says how often it asked. */
export function announcedStep(
  circuit: Circuit,
  store: AnnouncedState,
  inputs: Deltas,
): { readonly outputs: Deltas; readonly loadCount: number } {
  store.forget()
  const steps = circuit.steps(inputs)
  let result = steps.next()
  let loadCount = 0
  while (result.done !== true) {
    store.load(result.value)
    loadCount += 1
    result = steps.next()
  }
  return { outputs: result.value, loadCount }
}
