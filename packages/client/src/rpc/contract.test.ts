import { expect, test } from 'vitest'
import { CONTRACT_VERSION } from './contract.ts'
import { BATCH_ITEMS_MAX } from './limits.ts'
import { parsePageMessage } from './parse-page-message.ts'
import { parseWorkerMessage } from './parse-worker-message.ts'

const clientId = '0123456789abcdef0123456789abcdef'
const hello = {
  kind: 'hello',
  contractVersion: CONTRACT_VERSION,
  clientId,
  identity: undefined,
  moduleName: 'todos',
  schemaVersion: 1,
  hasToken: true,
}
const batch = (...items: unknown[]) => ({ kind: 'batch', oldestPendingNumber: 1, items })
const call = { kind: 'call', number: 1, reducer: 'add', args: {}, timestampMs: 5, isResent: false }
const relation = { kind: 'table', table: 'todo' }
const rows = { form: 'objects', rows: [] }
const patch = { removed: [0], inserted: [], updated: [{ from: 1, index: 0, row: {} }], moved: [] }
const history = (request: object) => ({ kind: 'read', id: 1, read: { kind: 'history', request } })
const draftCall = { reducer: 'add', args: {}, seed: 's', timestampMs: 5 }
const query = { table: 'todo', orderBy: [{ column: 'id', direction: 'asc' }] }

test('messages of the contract pass as they are', () => {
  const messages = [
    hello,
    { kind: 'bye' },
    batch(
      call,
      { ...call, undo: { kind: 'record', scope: 's', label: 'l', group: undefined, groupMs: 0 } },
      { ...call, undo: { kind: 'redo', scope: 's' } },
      { kind: 'read', id: 9, read: { kind: 'undo-state', scope: 's' } },
      { kind: 'cancel-call', number: 1 },
      { kind: 'read', id: 1, read: { kind: 'query', query } },
      { kind: 'read', id: 2, read: { kind: 'sql', text: 'select 1', params: [] } },
      {
        kind: 'subscribe',
        id: 3,
        read: { kind: 'search', table: 't', text: 'x', limit: 1, offset: 0 },
      },
      { kind: 'subscribe', id: 4, read: { kind: 'relation', relation } },
      { kind: 'read', id: 3, read: { kind: 'explain', read: { kind: 'query', query } } },
      history({ kind: 'versions' }),
      history({ kind: 'arrival', version: 'v' }),
      history({ kind: 'past', version: 'v', read: { kind: 'get', table: 't', id: 'x' } }),
      history({ kind: 'diff', from: 'v', to: null, limit: 5, after: ['t', 'x'] }),
      history({ kind: 'digest', version: null }),
      history({ kind: 'draft', version: 'v', calls: [draftCall], read: { kind: 'count', query } }),
      history({ kind: 'export', versions: ['v'] }),
      { kind: 'acknowledge' },
      { kind: 'watch', tables: ['todo'] },
      { kind: 'confirm', id: 1, delta: { stream: 'a', seq: 1 } },
      { kind: 'pause', isPaused: true },
      { kind: 'presence', state: undefined },
      { kind: 'documents', state: { body: 1 } },
      { kind: 'network', isOnline: false },
      { kind: 'token', id: 1, token: 'secret' },
      { kind: 'token-failed', id: 1, error: { name: 'Error', message: 'no' } },
    ),
  ]
  for (const message of messages) expect(parsePageMessage(message)).toBe(message)
  const items = [
    { kind: 'answer', number: 1, value: undefined },
    { kind: 'answer', number: 2, value: 1, delta: { stream: 'a', seq: 1 } },
    { kind: 'sync-status', status: { kind: 'live', unsyncedCount: 0, lastContactMs: undefined } },
    { kind: 'peers', peers: [{ sessionId: clientId, state: null }], documents: [] },
    { kind: 'conflicts', conflicts: [{ kind: 'deleted', conflictId: 1 }] },
    { kind: 'confirmed', id: 1 },
    { kind: 'unconfirmed', id: 1, error: { name: 'Error', message: 'no' } },
    { kind: 'token-wanted', id: 1 },
    { kind: 'live-part', id: 1, isFirst: true, rows },
    {
      kind: 'live-cut',
      news: [
        { kind: 'rows', id: 1, rows, isRest: true },
        { kind: 'patch', id: 1, patch },
        { kind: 'failed', id: 2, error: { name: 'Error', message: 'no' } },
      ],
    },
  ]
  const answer = { kind: 'batch', items }
  expect(parseWorkerMessage(answer)).toBe(answer)
})

test('everything else is refused as client/protocol', () => {
  const refused: unknown[] = [
    undefined,
    null,
    'hello',
    {},
    { kind: 'toString' },
    { kind: '__proto__' },
    { ...hello, clientId: '../x' },
    { ...hello, identity: 5 },
    { ...hello, schemaVersion: -1 },
    { kind: 'batch', items: [] },
    { kind: 'batch', oldestPendingNumber: 1, items: 'x' },
    batch(null),
    batch({ kind: 'unknown' }),
    batch({ ...call, number: 1.5 }),
    batch({ ...call, reducer: undefined }),
    batch({ ...call, undo: true }),
    batch({ ...call, undo: { kind: 'record', scope: 1 } }),
    batch({ ...call, undo: { kind: 'record', scope: 's', groupMs: -1 } }),
    batch({ ...call, undo: { kind: 'forget', scope: 's' } }),
    batch({ kind: 'read', id: 1, read: { kind: 'undo-clear' } }),
    batch({ ...call, timestampMs: Number.NaN }),
    batch({ kind: 'read', id: 1, read: { kind: 'query', query: { table: 'todo' } } }),
    batch({ kind: 'read', id: 1, read: { kind: 'query', query: { ...query, orderBy: [5] } } }),
    batch({ kind: 'subscribe', id: 1, read: { kind: 'get', table: 't', id: 'x' } }),
    batch({ kind: 'subscribe', id: 1, read: { kind: 'explain', read: { kind: 'query', query } } }),
    batch({ kind: 'subscribe', id: 1, read: { kind: 'relation', relation: 'todo' } }),
    batch({ kind: 'read', id: 1, read: { kind: 'explain', read: { kind: 'count', query } } }),
    batch(history({ kind: 'forget' })),
    batch(history({ kind: 'past', version: 'v', read: { kind: 'search', table: 't' } })),
    batch(history({ kind: 'past', version: 1, read: { kind: 'get', table: 't', id: 'x' } })),
    batch(history({ kind: 'diff', from: undefined, to: null, limit: 5 })),
    batch(history({ kind: 'diff', from: 'v', to: null, limit: -1 })),
    batch(history({ kind: 'draft', version: 'v', calls: [{ ...draftCall, seed: 1 }] })),
    batch(history({ kind: 'export', versions: 'v' })),
    batch({ kind: 'subscribe', id: 1, read: { kind: 'history', request: { kind: 'versions' } } }),
    batch({ kind: 'watch', tables: [1] }),
    batch({ kind: 'confirm', id: 1, delta: { stream: 'a' } }),
    batch({ kind: 'pause' }),
    batch({ kind: 'token', id: 1 }),
    { ...hello, hasToken: undefined },
    batch(...Array.from({ length: BATCH_ITEMS_MAX + 1 }, () => call)),
  ]
  for (const message of refused) {
    expect(() => parsePageMessage(message)).toThrow(
      expect.objectContaining({ code: 'client/protocol' }),
    )
  }
  for (const message of [
    undefined,
    { kind: 'welcome' },
    { kind: 'batch', items: [{ kind: 'rows', id: 1 }] },
    { kind: 'batch', items: [{ kind: 'sync-status', status: { kind: 'live' } }] },
    { kind: 'batch', items: [{ kind: 'peers', peers: [{}], documents: [] }] },
    { kind: 'batch', items: [{ kind: 'live-part', id: 1, rows }] },
    { kind: 'batch', items: [{ kind: 'live-cut', news: [{ kind: 'rows', id: 1, rows }] }] },
    {
      kind: 'batch',
      items: [
        { kind: 'live-cut', news: [{ kind: 'patch', id: 1, patch: { ...patch, moved: 1 } }] },
      ],
    },
  ]) {
    expect(() => parseWorkerMessage(message)).toThrow(
      expect.objectContaining({ code: 'client/protocol' }),
    )
  }
})
