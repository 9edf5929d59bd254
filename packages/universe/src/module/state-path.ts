/**
 * Paths into a state, as delta operations and `changed_fields` write them.
 *
 *     path    = "" | name *( "." name ) | pointer
 *     name    = 1*( any character but "." and "\" | "\." | "\\" | "\/" )
 *     pointer = 1*( "/" *( any character but "/" and "~" | "~0" | "~1" ) )
 *
 * `data.items` names `items` inside `data`; `a\.b` is one name with a dot in it. What begins with a slash
 * is a JSON pointer (RFC 6901), in which a name may be empty; a dotted path whose first name begins with
 * one escapes it. A name of digits is an index where the value it meets is an array. The empty text is
 * the whole state.
 */
import { STATE_PATH_DEPTH_MAX } from './limits.ts'

/**
 * The names of a path, or a text saying what is wrong with it.
 */
export function parseStatePath(path: string): readonly string[] | { readonly fault: string } {
  if (path === '') return []
  const names = path.startsWith('/') ? parsePointer(path) : parseDotted(path)
  if ('fault' in names || names.length <= STATE_PATH_DEPTH_MAX) return names
  return { fault: `${names.length} names; at most ${STATE_PATH_DEPTH_MAX} are allowed` }
}

/**
 * The path of names. Mirror of {@link parseStatePath}: dotted, with dots, backslashes and a slash at the
 * beginning escaped; a pointer where a name is empty.
 */
export function formatStatePath(names: readonly string[]): string {
  if (names.includes('')) {
    return names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
  }
  const dotted = names.map((name) => name.replaceAll(/[.\\]/g, '\\$&')).join('.')
  return dotted.startsWith('/') ? `\\${dotted}` : dotted
}

function parsePointer(path: string): readonly string[] | { readonly fault: string } {
  const wrong = /~(?![01])/.exec(path)
  if (wrong !== null) return { fault: `"~" at ${wrong.index} must be followed by "0" or "1"` }
  return path
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function parseDotted(path: string): readonly string[] | { readonly fault: string } {
  const names: string[] = []
  let name = ''
  for (let at = 0; at < path.length; at++) {
    const character = path[at]
    if (character === '\\') {
      const escaped = path[at + 1]
      if (escaped !== '.' && escaped !== '\\' && escaped !== '/') {
        return { fault: `"\\" at ${at} must be followed by ".", "/" or "\\"` }
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
  if (name === '') return { fault: 'an empty name at its end' }
  names.push(name)
  return names
}
