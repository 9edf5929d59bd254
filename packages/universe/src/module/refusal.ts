/** The refusals of the standard module: texts as the founding documents give them, with our codes. */
import { UniverseError } from '@inner-universe/core'

/** An argument that cannot be accepted. */
export function validationError(
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): UniverseError {
  return new UniverseError('universe/validation', message, { details })
}

/** There is no entity of that id. `end` says at which end of a relation it was wanted. */
export function entityNotFound(id: string, end?: 'from' | 'to'): UniverseError {
  const what = end === undefined ? 'Entity' : end === 'from' ? 'From entity' : 'To entity'
  return new UniverseError('universe/entity-not-found', `${what} not found: ${id}`, {
    details: { id, ...(end === undefined ? {} : { end }) },
  })
}

/** There is no relation of that id. */
export function relationNotFound(id: string): UniverseError {
  return new UniverseError('universe/relation-not-found', `Relation not found: ${id}`, {
    details: { id },
  })
}

/** There is no state version of that id; `Parent version` when it was to be a parent. */
export function versionNotFound(id: string, role: 'State' | 'Parent' = 'State'): UniverseError {
  return new UniverseError('universe/version-not-found', `${role} version not found: ${id}`, {
    details: { id },
  })
}

/** There is no subscription of that id, or it is another's: callers are not told which. */
export function subscriptionNotFound(id: string): UniverseError {
  return new UniverseError('universe/subscription-not-found', `Subscription not found: ${id}`, {
    details: { id },
  })
}

/** The entity still has relations. */
export function entityReferenced(id: string, relationCount: number): UniverseError {
  return new UniverseError(
    'universe/entity-referenced',
    `Cannot delete entity with ${relationCount} existing relationships`,
    { details: { id, relationCount } },
  )
}

/** The row is not at the revision the caller had read. */
export function revisionConflict(
  what: 'Entity' | 'Relation',
  id: string,
  expectedRevision: number,
  actualRevision: number,
): UniverseError {
  return new UniverseError(
    'universe/version-conflict',
    `${what} ${id} is at revision ${actualRevision}, not ${expectedRevision}`,
    { details: { id, expectedRevision, actualRevision } },
  )
}

/** The caller lacks the right. */
export function unauthorized(message: string): UniverseError {
  return new UniverseError('universe/unauthorized', `Unauthorized: ${message}`)
}
