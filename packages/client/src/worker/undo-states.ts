/** What can be undone: asked for by pages, and told to all that watch when it changes. */
import type { CallOutcome, Engine, UndoKey, UndoState } from '@inner-universe/engine'
import type { UndoRead } from '../rpc/contract.ts'
import { UNDO_STATES } from '../rpc/undo-states.ts'
import type { WaitingCall } from './call-queue.ts'
import type { HostClient } from './host-client.ts'

/** Whether a read is about undo. */
export function isUndoRead(read: { readonly kind: string }): read is UndoRead {
  return read.kind === 'undo-state' || read.kind === 'undo-clear'
}

/** The state of a scope, cleared before if that was asked for: then all that watch are told. */
export function answerUndo(
  engine: Engine,
  clients: Iterable<HostClient>,
  { identity }: HostClient,
  { kind, scope }: UndoRead,
): UndoState {
  const key = { identity, scope }
  if (kind === 'undo-state') return engine.undo.state(key)
  engine.undo.clear(key)
  tellUndo(engine, clients, key)
  return engine.undo.state(key)
}

/** Tells all that watch of the scopes in which calls of a group were recorded, undone or done again. */
export function tellUndoOf(
  engine: Engine,
  clients: Iterable<HostClient>,
  group: readonly WaitingCall[],
  outcomes: readonly CallOutcome[],
): void {
  const keys = new Map<string, UndoKey>()
  group.forEach(({ call: { undo, sender } }, index) => {
    if (undo === undefined || outcomes[index]?.ok !== true) return
    keys.set(JSON.stringify([sender, undo.scope]), { identity: sender, scope: undo.scope })
  })
  for (const key of keys.values()) tellUndo(engine, clients, key)
}

function tellUndo(
  engine: Engine,
  clients: Iterable<HostClient>,
  { identity, scope }: UndoKey,
): void {
  const watching = [...clients].filter(
    (client) => client.identity === identity && client.watched.has(UNDO_STATES),
  )
  if (watching.length === 0) return
  const after = { ...engine.undo.state({ identity, scope }) }
  const changes = [{ table: UNDO_STATES, id: scope, before: undefined, after }]
  for (const client of watching) client.post({ kind: 'changes', origin: 'local', changes })
}
