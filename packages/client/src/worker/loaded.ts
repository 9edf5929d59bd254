/**
 * Parts of a worker that are loaded when they are needed, one script in `parts/` for each.
 *
 * Each of those names `serve` too, and so all that the worker always has: a bundler then sees that whoever
 * loads a part has it already, and leaves it in one script. Else it makes a script of every set of modules
 * that some parts share, seventeen of them, 5 kB more when compressed.
 */
import { UniverseError } from '@inner-universe/core'

/**
 * The part, once it is there. Every name of it is kept by the bundler, as it cannot see which are used.
 *
 * @throws UniverseError `client/worker-failed`.
 */
export async function loaded<Part>(part: Promise<Part>, purpose: string): Promise<Part> {
  try {
    return await part
  } catch (cause) {
    throw new UniverseError(
      'client/worker-failed',
      `the part of the worker that ${purpose} could not be loaded; try again, or reload the app, when it is online`,
      { cause },
    )
  }
}
