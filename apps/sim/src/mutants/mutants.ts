/** All mutants, in the order of a change's way. */
import type { Mutant } from './mutant.ts'

/** Rules put out of action, one at a time. */
export const MUTANTS: readonly Mutant[] = [
  // Clocks and merging.
  {
    id: 'tie-break',
    rule: 'of two writes with one clock value, the one of the greater stream wins',
    file: 'packages/core/src/hlc.ts',
    find: 'return a.stream < b.stream ? -1 : 1',
    replace: 'return 1',
  },
  {
    id: 'clock-receive',
    rule: 'a clock goes past every reading it receives',
    file: 'packages/core/src/hlc.ts',
    find: 'if (checkHlc(remote) > last) last = remote',
    replace: 'checkHlc(remote)',
  },
  {
    id: 'base-lift',
    rule: 'a write of some cells leaves the clocks of the others as they are',
    file: 'packages/engine/src/row-writer.ts',
    find: 'return overrideClocks(row, row.overrides, scalars, call.stamp)',
    replace: 'return (Object.assign(row, call.stamp), null)',
  },
  {
    id: 'set-dots',
    rule: 'removing an element removes the additions that were seen, and no others',
    file: 'packages/engine/src/set-dots.ts',
    find: 'if (isRemoved) rows.removeDot(table, id, column, dot)',
    replace: 'if (isRemoved) continue',
  },
  {
    id: 'append-only',
    rule: 'updates of rows of append-only tables are left out, whoever sends them',
    file: 'packages/core/src/merge.ts',
    find: 'else if (inserted?.has(key) !== true) continue',
    replace: '',
  },
  {
    id: 'settle-references',
    rule: 'rows that hang on one that goes out of sight are settled with it',
    file: 'packages/engine/src/visibility.ts',
    find: '        this.#addVisibleCascades(row.table, row.id)\n',
    replace: '',
  },
  {
    id: 'claims-by-offset',
    rule: 'claims of unique values are settled again when their place in the log is known',
    file: 'packages/engine/src/claim-offsets.ts',
    find: '  if (claims.length === 0) return\n  scope.driver',
    replace: '  if (claims.length >= 0) return\n  scope.driver',
  },
  // Streams and chains.
  {
    id: 'gap-check',
    rule: 'the relay takes a batch only right behind the one before in its stream',
    file: 'packages/sync/src/relay-side/push-check.ts',
    find: 'if (firstSeq > nextSeq) {',
    replace: 'if (firstSeq < 0) {',
    survives: 'the chain check behind it refuses the batch too, at the cost of a rebuild',
  },
  {
    id: 'chain-check',
    rule: 'the relay takes a batch only if it names the one before by its hash',
    file: 'packages/sync/src/relay-side/push-check.ts',
    find: 'if (header.previous !== headHash(head)) {',
    replace: 'if (header.previous.length === 0) {',
  },
  {
    id: 'hash-dedupe',
    rule: 'a batch is the one in the log only if their hashes are the same',
    file: 'packages/sync/src/relay-side/push-check.ts',
    find: 'if (there.hash !== batch.hash)',
    replace: 'if (there.hash.length === 0)',
    survives: 'the acknowledgement names the hash in the log, and the replica compares it',
  },
  {
    id: 'held-dedupe',
    rule: 'a replica holds a batch of the log only if their hashes are the same',
    file: 'packages/engine/src/receive.ts',
    find: ': heldHash === hash',
    replace: ': true',
  },
  {
    id: 'own-tripwire',
    rule: 'a batch of an own stream that this replica never wrote means a fork',
    file: 'packages/engine/src/receive.ts',
    find: "if (isOwn || entry.kind === 'own') return forked(",
    replace: "if (entry.kind === 'own') return forked(",
  },
  {
    id: 'replica-chain',
    rule: 'a replica takes in a batch only if it names the one before by its hash',
    file: 'packages/engine/src/receive.ts',
    find: 'if (head.hash !== undefined && head.hash !== entry.previous) {',
    replace: 'if (entry.previous.length === 0) {',
    survives: "the relay's own chain check lets no other batch in, but for rare double faults",
  },
  {
    id: 're-identify',
    rule: 'a replica whose stream a newer connection writes begins a new one',
    file: 'packages/sync/src/replica-side/sync-loop.ts',
    find: 'if (this.#rebuild === undefined) this.#options.home.replica.startStream()',
    replace: '',
  },
  {
    id: 'fork-new-stream',
    rule: 'what is pending after a fork is authored anew in another stream',
    file: 'packages/sync/src/replica-side/adoption.ts',
    find: '  fork: false,',
    replace: '  fork: true,',
    survives: 'whether a stream can go on is decided once more where it is taken over',
  },
  // Pushing and acknowledging.
  {
    id: 'unacked-resend',
    rule: 'what was pushed and not acknowledged is pushed again',
    file: 'packages/engine/src/outbox.ts',
    find: 'if (stream.batchSeq <= from) continue',
    replace: 'if (after === undefined || stream.batchSeq <= from) continue',
  },
  {
    id: 'ack-before-fsync',
    rule: 'a batch is acknowledged only when it is on the disk',
    file: 'packages/sync/src/relay-side/commit-queue.ts',
    find: `    const failure = await this.#store.append(appends).then(`,
    replace: `    const early = rooms.splice(0)
    for (const room of early) room.appended()
    const failure = await this.#store.append(appends).then(`,
  },
  {
    id: 'unacknowledge',
    rule: 'what the relay has lost of an own stream becomes pending again',
    file: 'packages/sync/src/replica-side/replica-session.ts',
    find: '        replica.unacknowledge(stream, verdict.seq)\n',
    replace: '',
  },
  {
    id: 'clock-bound',
    rule: 'the relay takes no batch stamped far in the future',
    file: 'packages/sync/src/relay-side/push-check.ts',
    find: 'if (header.lastHlc > hlcFromMs(nowMs + context.limits.clockAheadMsMax)) {',
    replace: 'if (nowMs < 0) {',
  },
  {
    id: 'stream-owner',
    rule: 'a stream belongs to the identity that wrote to it first',
    file: 'packages/sync/src/relay-side/push-check.ts',
    find: 'if (head !== undefined && head.identity !== push.identity && !scene.isRepairing) {',
    replace: 'if (head === null) {',
  },
  {
    id: 'header-facts',
    rule: 'a header must say of its content what it is',
    file: 'packages/sync/src/batch.ts',
    find: 'if (segment[name] !== header[name]) contradict(name, header[name], segment[name])',
    replace: '',
  },
  {
    id: 'header-clocks',
    rule: 'a header must tell the clocks of its content',
    file: 'packages/sync/src/batch.ts',
    find: "if (firstHlc !== header.firstHlc) contradict('firstHlc', header.firstHlc, firstHlc)",
    replace: '',
  },
  {
    id: 'rights',
    rule: 'the relay refuses writes of tables that the token does not name',
    file: 'packages/sync/src/relay-side/push-check.ts',
    find: "if (denied !== undefined) return nack('denied', denied.reason, { seqs: denied.seqs })",
    replace: '',
  },
  {
    id: 'denied-undone',
    rule: 'what the relay refused is undone',
    file: 'packages/engine/src/reauthoring.ts',
    find: 'if (denied !== undefined) {',
    replace: 'if (denied === null) {',
  },
  {
    id: 'log-hash',
    rule: 'a replica takes in data only if it extends the log that it has read',
    file: 'packages/sync/src/replica-side/receiver.ts',
    find: 'if (hash !== data.hash) {',
    replace: 'if (data.hash.length === 0) {',
    survives: 'the relay of a world is honest',
  },
  // Restores.
  {
    id: 'new-epoch',
    rule: 'a relay that learns that it was restored begins a new epoch',
    file: 'packages/sync/src/relay-side/opening.ts',
    find: "return epoch === present ? 'restored' : 'gone'",
    replace: "return 'gone'",
  },
  {
    id: 'unknown-epoch',
    rule: 'an epoch that the relay does not know proves that it was restored',
    file: 'packages/sync/src/relay-side/opening.ts',
    find: "return room.isLost(epoch) ? 'gone' : 'restored'",
    replace: "return 'gone'",
  },
  {
    id: 'offering',
    rule: 'after a restore replicas give back what the relay has lost',
    file: 'packages/sync/src/replica-side/opening.ts',
    find: '      yield* batches\n',
    replace: '',
  },
  {
    id: 'base-of-epochs',
    rule: 'a base of a past epoch counts no further than that epoch is shared',
    file: 'packages/sync/src/relay-side/log-state.ts',
    find: 'return Math.min(offset, ...pastEpochs.slice(first).map(({ lastOffset }) => lastOffset))',
    replace: 'return offset',
  },
  {
    id: 'floor-known',
    rule: 'a replica that knows a floor which the relay has lost is built anew',
    file: 'packages/sync/src/replica-side/opening.ts',
    find: "if ((replica.lastFloor()?.offset ?? 0) > (floor?.offset ?? 0)) return 'restored'",
    replace: '',
    survives:
      'a floor is no further on than the position, whose hash covers it: where it is lost the position is not in the log, and the replica is built anew for that',
  },
  // Rebuilding.
  {
    id: 'early-writes',
    rule: 'a replica that is built anew takes over what it has written and nobody else has',
    file: 'packages/engine/src/adopt.ts',
    find: 'const anew = carryOver.pending.filter(({ delta }) => !kept.has(delta.stream))',
    replace: 'const anew = carryOver.pending.filter(() => false)',
  },
  {
    id: 'local-rows',
    rule: 'a replica that is built anew takes over its local rows',
    file: 'packages/engine/src/adopt.ts',
    find: '  restoreLocal(scope, local, (version) => writer.newStampOf(version))\n',
    replace: '',
  },
  {
    id: 'origin-dedupe',
    rule: 'a call that was authored anew by two copies is taken once',
    file: 'packages/sync/src/relay-side/push-check.ts',
    find: 'if (duplicates.length > 0) {',
    replace: 'if (duplicates.length < 0) {',
  },
  {
    id: 'read-is-settled',
    rule: 'a pending delta that was found in the log is not authored anew',
    file: 'packages/engine/src/adopt.ts',
    find: "adopted.push(isRead ? { kind: 'settled', from: { stream, seq } } : writer.write(pending))",
    replace: 'adopted.push(writer.write(pending))',
  },
  {
    id: 'recheck-runs-again',
    rule: 'reducers of mode recheck are run again when they are authored anew',
    file: 'packages/engine/src/reauthoring.ts',
    find: "return mode === 'recheck' && pending.call !== undefined",
    replace: 'return mode === undefined && pending.call !== undefined',
  },
  {
    id: 'init-once',
    rule: 'what init wrote is left out when joining a universe',
    file: 'packages/engine/src/reauthoring.ts',
    find: "if (isInit(delta) && this.#options.isJoining) return { kind: 'settled', from }",
    replace: '',
  },
  {
    id: 'clock-correction',
    rule: 'what was stamped too far ahead is stamped anew by the corrected clock',
    file: 'packages/sync/src/replica-side/adoption.ts',
    find: '  clock: false,',
    replace: '  clock: true,',
  },
  // Floors and images.
  {
    id: 'base-above-floor',
    rule: 'the relay takes no batch with a base below the floor',
    file: 'packages/sync/src/relay-side/push-check.ts',
    find: '    if (base < baseOffset)\n',
    replace: '    if (base < 0)\n',
  },
  {
    id: 'floor-in-order',
    rule: 'a floor is obeyed at its place in the log',
    file: 'packages/engine/src/receive.ts',
    find: '    this.#write()\n    applyFloor(this.#scope, floor)',
    replace: '    applyFloor(this.#scope, floor)',
    survives:
      'what is forgotten too early leaves deletions that nothing shows and the next floor takes; a test of SY5 notices',
  },
  {
    id: 'forget-unchanged',
    rule: 'a row is forgotten only if it was dead at the mark and nothing was merged into it since',
    file: 'packages/relay/src/fold/floor-mark.ts',
    find: 'if (fingerprints.get(keyOf(row)) !== row.fingerprint) continue',
    replace: '',
    survives:
      'what is newer than the mark stays by its clock; it takes a late reference that keeps a deleted row, about once in five hundred seeds or less; a test of the compactor notices',
  },
  {
    id: 'forget-unreferred',
    rule: 'a row is dead only if no row that is retained refers to it',
    file: 'packages/engine/src/dead-rows.ts',
    find: 'deadKeys(candidates, (key) => held.has(key))',
    replace: 'candidates.keys()',
  },
  {
    id: 'forget-by-hlc',
    rule: 'only what is at or below the hlc of the floor is forgotten of a row',
    file: 'packages/engine/src/floor.ts',
    find: '    if (clock.hlc <= hlc) return undefined',
    replace: '    if (clock.hlc >= 0) return undefined',
    survives:
      'it takes unsent writes to a row at the moment when a floor that forgets it arrives, and no rebuild after; a property test of MR21 notices',
  },
  {
    id: 'cursors-hold-floors',
    rule: 'a floor waits for every replica seen lately to have read past its base',
    file: 'packages/relay/src/fold/compactor.ts',
    find: 'if (nowMs - atMs <= retention.sessionMemoryMs && offset < mark.position.offset) return false',
    replace: '',
  },
  {
    id: 'image-before-truncation',
    rule: 'the log is truncated only when an image replaces what goes',
    file: 'packages/relay/src/fold/compactor.ts',
    find: 'if (!images.some(({ offset }) => offset >= floor.offset)) return',
    replace: 'if (images === undefined) return',
    survives:
      'the step before makes the image that a floor lacks, and truncation is not reached where it fails',
  },
  {
    id: 'image-position',
    rule: 'an image says the place in the log that it is of',
    file: 'packages/relay/src/fold/fold.ts',
    find: '      position: replica.position(),\n      schemaVersion',
    replace: `      position: { ...replica.position(), offset: replica.position().offset + 1 },
      schemaVersion`,
  },
  // Documents.
  {
    id: 'document-covers',
    rule: 'a checkpoint takes the place of the rows that it names, and of no others',
    file: 'packages/core/src/document-reducers.ts',
    find: 'const covered = args.covers.filter((id) => {',
    replace: `const all = (updates as unknown as { all(): readonly UpdateRow[] }).all()
        const covered = all.map(({ id }) => id).filter((id) => {`,
  },
  {
    id: 'document-of-this',
    rule: 'a checkpoint takes the place of rows of its own document only',
    file: 'packages/core/src/document-reducers.ts',
    find: 'return found?.row === args.row && found.document === args.document && updates.delete(id)',
    replace: 'return found !== undefined && updates.delete(id)',
  },
  {
    id: 'document-checkpoint',
    rule: 'a checkpoint is there when the rows that it contains go',
    file: 'packages/core/src/document-reducers.ts',
    find: "return insert(updates, context, args, args.checkpoint, 'checkpoint')",
    replace: 'return covered[0]',
  },
  {
    id: 'document-owner',
    rule: 'nothing is added to a document whose owner is not visible',
    file: 'packages/core/src/document-reducers.ts',
    find: 'if (db[table]?.get(row) === undefined) {',
    replace: 'if (db[table] === undefined) {',
  },
  // Undo.
  {
    id: 'undo-cell-version',
    rule: 'a cell goes back only while it is as the step left it',
    file: 'packages/engine/src/undo/row-plan.ts',
    find: 'return mayBeDropped ? hlcOf(version) <= floorHlc && isValue : current === version',
    replace: 'return mayBeDropped || current.length >= 0',
  },
  {
    id: 'undo-row-version',
    rule: 'a row that a step inserted goes only if it is wholly as the step left it',
    file: 'packages/engine/src/undo/row-plan.ts',
    find: "if (state.life !== row.life[from].version || kept.size > 0) return 'changed'",
    replace: '',
  },
  {
    id: 'undo-renames',
    rule: 'what is undone stands for what it restores in all other steps of the scope',
    file: 'packages/engine/src/undo/undo-turn.ts',
    find: 'if (olds.size > 0) {',
    replace: 'if (olds.size < 0) {',
  },
  {
    id: 'undo-carried-over',
    rule: 'steps go over into a rebuilt file',
    file: 'packages/engine/src/adopt.ts',
    find: '    for (const row of withNewStamps(name, rows, newStampOf)) {',
    replace: '    for (const row of Object.hasOwn(UNDO_TABLES, name) ? [] : rows) {',
  },
  {
    id: 'image-stripped',
    rule: 'an image has no stream of its own',
    file: 'packages/engine/src/image.ts',
    find: '  for (const stream of streams.own()) streams.setOwn(stream, false)\n',
    replace: '',
  },
]

/** The mutant of an id. Throws when there is none. */
export function mutantOf(id: string): Mutant {
  const mutant = MUTANTS.find((each) => each.id === id)
  if (mutant === undefined) throw new Error(`there is no mutant "${id}"`)
  return mutant
}
