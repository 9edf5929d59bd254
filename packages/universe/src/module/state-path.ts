/**
 * Paths into a state, as delta operations and `changed_fields` write them.
 *
 *     path    = name *( "." name )
 *     name    = 1*( any character but "." and "\" | "\." | "\\" )
 *
 * `data.items` names `items` inside `data`; `a\.b` is one name with a dot in it. A name of digits is
 * an index where the value it meets is an array. The empty text is not a path.
 */
import { STATE_PATH_DEPTH_MAX } from './limits.ts'

/**
 * The names of a path, or a text saying what is wrong with it.
 */
export function parseStatePath(path: string): readonly string[] | { readonly fault: string } {
  const names: string[] = []
  let name = ''
  for (let at = 0; at < path.length; at++) {
    const character = path[at]
    if (character === '\\') {
      const escaped = path[at + 1]
      if (escaped !== '.' && escaped !== '\\') {
        return { fault: `"\\" at ${at} must be followed by "." or "\\"` }
      }
      name += escaped
      at++
    } else if (character === '.') {
      if (name === '') return { fault: `an empty name before position ${at}` }
      names.push(name)
      name = ''
    } else {
      name += character
    }
  }
  if (name === '') return { fault: path === '' ? 'it is empty' : 'an empty name at its end' }
  names.push(name)
  if (names.length > STATE_PATH_DEPTH_MAX) {
    return { fault: `${names.length} names; at most ${STATE_PATH_DEPTH_MAX} are allowed` }
  }
  return names
}

/** The path of names, dots and backslashes in them escaped. Mirror of {@link parseStatePath}. */
export function formatStatePath(names: readonly string[]): string {
  return names.map((name) => name.replaceAll(/[.\\]/g, '\\$&')).join('.')
}
