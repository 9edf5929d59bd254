/**
 * Parts of page and worker that are loaded when they are needed.
 *
 * Those of the worker, in `parts/`, also name all that a worker always has. So a bundler sees that whoever
 * loads a part has that already, and leaves it in one script. Else it makes one of every set of modules
 * that some parts share: seventeen, which compressed are 5 kB more.
 */
import { UniverseError } from '@inner-universe/core'

/**
 * The part, once it is there. It is given whole: a bundler that saw which names are used would leave the
 * others out.
 *
 * @throws UniverseError `client/worker-failed`.
 */
export async function loaded<Part>(part: Promise<Part>): Promise<Part> {
  try {
    return await part
  } catch (cause) {
    throw new UniverseError(
      'client/worker-failed',
      'a script could not be loaded; try again when online',
      { cause },
    )
  }
}
