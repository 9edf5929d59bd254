/** The part of an engine that records and undoes calls: given to `openEngine`, see `undo-part.ts`. */
import type { CallScope } from '../call-scope.ts'
import type { CallUndo, UndoKey, UndoState } from '../engine.ts'
import { definitionsOf } from '../schema.ts'
import type { Turned, Undo, UndoPart, UndoParts } from '../undo-part.ts'
import { UndoRecorder } from './undo-recorder.ts'
import { checkUndoNames, UndoStore } from './undo-store.ts'
import { turnStep } from './undo-turn.ts'

/** What `EngineOptions.undo` gives. */
export const undo: Undo = { create: (parts) => new EngineUndo(parts) }

class EngineUndo implements UndoPart {
  readonly #parts: UndoParts
  readonly #steps: UndoStore

  constructor(parts: UndoParts) {
    this.#parts = parts
    this.#steps = new UndoStore(parts.driver)
  }

  state(key: UndoKey): UndoState {
    return this.#steps.state(key)
  }

  clear(key: UndoKey): void {
    this.#steps.clear(key)
  }

  record<T>(call: CallScope, undo: Extract<CallUndo, { kind: 'record' }>, run: () => T): T {
    checkUndoNames({ ...undo })
    const { facts, scope } = call
    const recorder = new UndoRecorder(scope)
    call.recorder = recorder
    const ran = run()
    const { label = facts.reducer, group, groupMs } = undo
    const grouping = { label, timestampMs: facts.timestampMs, group, groupMs }
    const changes = recorder.changes(call.writtenHlc)
    this.#steps.record({ identity: facts.sender, scope: undo.scope }, grouping, changes)
    return ran
  }

  turn(call: CallScope, undo: Exclude<CallUndo, { kind: 'record' }>): Turned {
    checkUndoNames({ ...undo })
    const { reader, sync } = this.#parts
    const parts = {
      reader,
      tables: definitionsOf(reader.schema),
      steps: this.#steps,
      floorHlc: sync.floor?.hlc ?? 0,
    }
    return turnStep(call, parts, { identity: call.facts.sender, scope: undo.scope }, undo.kind)
  }
}
