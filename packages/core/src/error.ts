/**
 * The one error class and its closed list of codes.
 *
 * Codes, not classes: class identity does not survive `postMessage`. Calling code switches on
 * `code`; people read `message`, which says what happened, with the values, then what to do.
 */

/**
 * Every code there is, with when it occurs, whether a retry helps, and what to do.
 *
 * The list is closed: a new failure gets a line here first. `area/what`, lower case.
 */
export const ERROR_CODES = {
  'storage/quota-exceeded':
    'The disk or the origin’s quota is full. Reads go on; free space or ask for persistent storage, then retry.',
  'storage/unavailable':
    'The storage cannot be reached (no OPFS, permission denied). A retry helps only once it is allowed; `storage: "memory"` works without it.',
  'storage/locked':
    'Another tab or process owns the file. Retry when it has closed; tabs of one origin share a universe by themselves.',
  'storage/corrupt':
    'The file is damaged. No retry helps: export what can be read, then restore a backup or delete the universe.',
  'storage/not-a-database':
    'The bytes are not a SQLite database. Nothing was changed; check that the right file was given.',
  'storage/changed':
    'The database was written while it was being exported. Start the export again.',
  'storage/io': 'The operating system refused a read or write. Retry once; then check the disk.',
  'sql/invalid':
    'The SQL or its parameters are wrong. Correct the statement; a retry does not help.',
  'sql/not-read-only': 'SQL given to a read would have written. Write through a reducer.',
  'sql/timed-out': 'A read ran past its time limit. Add an index or a limit, or raise the limit.',
  'engine/closed': 'The universe, engine or driver was used after it was closed. Open it again.',
  'engine/module-mismatch':
    'The file belongs to another module. Open it with that module, or choose another name.',
  'engine/schema-too-new':
    'The file was written by a newer version of the module. Update the app; the file is untouched.',
  'engine/schema-incompatible':
    'The module changed in a way that is not additive. The message names the table and column; the file is untouched.',
  'engine/format-too-new':
    'The file was written by a newer version of Inner Universe. Update it; the file is untouched.',
  'engine/read-only': 'A write was attempted outside a reducer. Call a reducer.',
  'engine/delta-invalid':
    'Bytes from elsewhere are not a valid segment of the delta log. Nothing was applied; fetch them again.',
  'module/invalid': 'A module definition contradicts itself. Correct the definition.',
  'reducer/unknown':
    'The module has no reducer of that name. Check the name and the module version.',
  'reducer/invalid-arguments':
    'The arguments do not fit the reducer’s declaration; `details.issues` lists each fault. Correct them.',
  'reducer/rejected':
    'The reducer threw; everything it did was rolled back. The message is the reducer’s own.',
  'reducer/asynchronous':
    'The reducer returned a promise. Reducers are synchronous: do asynchronous work before the call.',
  'reducer/time-limit':
    'The reducer ran past its time limit and was stopped and rolled back. Split the work into several calls.',
  'reducer/delta-too-large':
    'The call wrote more than one delta may hold. Split the work into several calls.',
  'reducer/invalid-result':
    'The reducer returned something that cannot be sent between threads. Return plain data.',
  'table/unknown': 'The module has no table of that name. Check the name and the module version.',
  'table/unknown-column': 'The table has no such column. Check the name and the module version.',
  'table/invalid-value':
    'A value does not fit its column; `details` names table, column and reason. Correct the value.',
  'table/duplicate-id': 'A row of that id is there already. Use `upsert`, or a new id.',
  'table/row-not-found': 'There is no row of that id. It may have been deleted; read again.',
  'table/duplicate-value': 'Another row holds that value of a unique column. Choose another value.',
  'document/not-found':
    'The module has no such document column. Check table, column and module version.',
  'document/not-a-scalar':
    'A document was read or written where a value is asked for. Open it with `universe.doc`.',
  'document/too-large':
    'An update of a document, or all of it, is larger than may be kept. Divide the document, or store large media elsewhere.',
  'document/invalid-update':
    'Bytes are no update of a document. They were not applied; `details.id` names the row that holds them, if one does.',
  'document/closed': 'The document was used after it was closed. Open it again.',
  'query/invalid':
    'The query does not fit the module; the message names the part. Correct the query.',
  'query/invalid-cursor':
    'The paging cursor does not belong to this query. Start from the first page.',
  'query/too-large':
    'A live query has more rows, or a page more live queries, than can be held. Give the query a limit, or unsubscribe from some.',
  'call/aborted': 'The caller’s AbortSignal fired before the call was started. Nothing was done.',
  'call/timed-out': 'No answer came in the time allowed. The outcome is unknown until it does.',
  'call/forgotten':
    'The call had run before, and its client had said it waits for no answer. It is not run again.',
  'call/too-large': 'The message is larger than its limit. Send it in parts.',
  'call/backlog-full': 'Too many calls wait for an answer. Await some of them first.',
  'client/closed': 'The universe was closed. Open it again.',
  'client/worker-failed':
    'The worker script could not be loaded or threw while starting. Check its URL and the console.',
  'client/unsupported': 'This browser lacks what is needed; the message names it.',
  'client/protocol': 'A message between threads was not understood. Reload all tabs of the app.',
  'sync/not-configured':
    'The universe was opened without `sync`. Open it with a relay’s address to use this.',
  'sync/unauthorized':
    'The relay refused the token: wrong, expired, revoked, or of another universe. Get a fresh one.',
  'sync/denied':
    'The relay refused the change; it was undone here. The message says which rule refused it.',
  'sync/dropped':
    'The change had to be made again on a newer state and could not be; it was undone here.',
  'sync/update-required':
    'The universe has moved on to a schema this version cannot read or write. Update the app; what is unsynced is kept.',
  'sync/refused':
    'The relay does not serve this universe to this app; the message says why. A retry does not help.',
  'sync/quota':
    'The relay’s quota for this universe is used up. What is unsynced is kept and sent when there is room.',
  'sync/protocol':
    'Bytes from the other side are not a message of the protocol, or came out of turn. The connection was closed.',
  'sync/image-invalid':
    'An image of a universe does not match its manifest. It is fetched again; nothing was changed.',
  'undo/not-configured':
    'The part of the engine that undoes was not given or could not be loaded. Try again when the app is online.',
  'views/invalid-graph':
    'A query over Z-sets contradicts itself (a name twice, a view that reads itself, an operator where it cannot stand). Correct it.',
  'views/function-failed':
    'A function of a view threw. Nothing was changed; correct the function or the row it was given.',
  'views/function-impure':
    'A function of a view gave different answers for one row. Make it depend on its arguments alone.',
  'views/not-monotone':
    'A recursion contains an operator that may take rows away as more come in. Move it outside of the recursion.',
  'views/recursion-limit':
    'A recursion did not end within its bound. Bound its depth, or raise the limit.',
  'views/weight-limit':
    'A row would have more copies than can be counted. Make the rows distinct before they are multiplied.',
  'views/not-configured':
    'The module declares views, and the part that keeps them was not given or could not be loaded.',
  'views/not-ready': 'The view is still being filled. Wait for it; its progress is told.',
  'views/store-too-new':
    'The state of the view was written by a newer version. Update; the state is untouched.',
  'views/store-corrupt':
    'The state of a view does not fit its digest. It is built anew from its tables.',
  'views/store-changed':
    'The state of the view belongs to another definition. Open it with `rebuild`, or under another name.',
  'views/timed-out':
    'The batches that a step waits for did not arrive in time. Retry, or raise the time-out.',
  'views/backend':
    'The database that keeps the view’s state refused or went away; `details.backendCode` is its own code. Nothing of the step was kept; retry.',
  'history/not-configured':
    'The module keeps no versions (`versions: true`), or the part that keeps them was not given or could not be loaded.',
  'history/version-unknown':
    'There is no version, branch or tag of that name here. It may have been dropped, or has not arrived yet.',
  'history/not-ready':
    'The content of the version has not arrived whole yet, or is still being taken in. Wait for it.',
  'history/damaged':
    'The content of a version or an export does not fit its digest; `details` has what is sound. Import it again, or use another version.',
  'history/other-universe':
    'The export is of another universe. Import it there; nothing was changed.',
  'history/version-referenced':
    'The version is named by a branch or tag, or the content of another one is a difference to it. Remove the name, or drop the other one first.',
  'history/branch-moved':
    'The branch has moved on since the draft was begun. Begin anew from its head, or merge.',
  'history/name-taken': 'The tag names another version, and tags do not move. Choose another name.',
  'history/name-unknown': 'There is no branch or tag of that name. It may have been removed.',
  'history/invalid-export': 'The bytes are no export of versions. Nothing was changed.',
  'kv/invalid-argument':
    'A key, range, job id or root is not one; the message says what is wrong. Nothing was stored.',
  'kv/closed': 'The job or its root was closed. Open it again.',
  'kv/job-not-found': 'There is no open job of that id. Open it first.',
  'kv/backend':
    'SQLite refused; `details.backendCode` has its code. What was stored before stands.',
  'kv/timeout': 'The job’s worker did not answer in time. The outcome is unknown until it does.',
  'relay/config-invalid':
    'The relay’s configuration is wrong; the message names the field. Nothing was started.',
  'relay/unavailable': 'The relay cannot be started or reached; the message says why.',
  'universe/validation': 'The standard module refused an argument. The message says which and why.',
  'universe/entity-not-found':
    'There is no entity of that id. It may have been deleted; read again.',
  'universe/relation-not-found': 'There is no relation of that id. It may have been deleted.',
  'universe/version-not-found': 'There is no state version of that id.',
  'universe/state-not-stored':
    'The state version was named without its state. Commit states through the temporal store.',
  'universe/version-damaged':
    'The state kept for a version has not the hash it was committed with; `details.salvageVersionId` names the nearest ancestor that is sound.',
  'universe/subscription-not-found':
    'There is no subscription of that id that belongs to the caller.',
  'universe/entity-referenced':
    'The entity has relations. Delete them first, or ask for them to be deleted with it.',
  'universe/version-conflict':
    'The row changed since the caller read it. Read again, decide again, call again.',
  'universe/unauthorized': 'The caller lacks the right. Ask the owner of the row or an admin.',
} as const

/** One of the closed list {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES

/** Plain cloneable data that travels with an error. Never user payloads. */
export type ErrorDetails = Readonly<Record<string, unknown>>

/** An operational failure, told apart by `code`. Broken invariants are not this: see `assert`. */
export class UniverseError extends Error {
  override readonly name: string = 'UniverseError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly details?: ErrorDetails; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }
}

/** True for a {@link UniverseError}, of the given code if one is given. */
export function isUniverseError(value: unknown, code?: ErrorCode): value is UniverseError {
  return value instanceof UniverseError && (code === undefined || value.code === code)
}
