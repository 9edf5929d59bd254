import { UniverseError } from '@inner-universe/core'
import { JOB_ID_LENGTH_MAX } from './limits.ts'

/** Letters, digits, `.`, `_` and `-` of ASCII; no dot first. It is a file's name on any system. */
const JOB_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/

/** True for 1 to {@link JOB_ID_LENGTH_MAX} characters that a job's id may have. */
export function isJobId(id: unknown): id is string {
  return typeof id === 'string' && id.length <= JOB_ID_LENGTH_MAX && JOB_ID.test(id)
}

/**
 * Refuses an id that is none: it becomes part of a path. On file systems that ignore case, ids that
 * differ in nothing else are one file, whose second owner is refused.
 *
 * @throws UniverseError `kv/invalid-argument`.
 */
export function checkJobId(id: string): void {
  if (isJobId(id)) return
  throw new UniverseError(
    'kv/invalid-argument',
    `${JSON.stringify(id)} is no job id; give 1 to ${JOB_ID_LENGTH_MAX} letters, digits, ".", "_" or "-", ` +
      'the first one no dot',
  )
}
