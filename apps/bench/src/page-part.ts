/** Calls from Node into the loaded part of the bench's page. */
import type { Page } from 'playwright'
import type { Parts } from './page/main.ts'

type Callable = (...args: never[]) => unknown

/** Names of a part's functions. */
type FunctionName<P> = { [K in keyof P]: P[K] extends Callable ? K : never }[keyof P] & string

/** Runs one function of the page's part and gives its result. Arguments and result are plain data. */
export function callPart<P extends keyof Parts, F extends FunctionName<Parts[P]>>(
  page: Page,
  part: P,
  name: F,
  ...args: Parts[P][F] extends (...args: infer A) => unknown ? A : never
): Promise<Parts[P][F] extends Callable ? Awaited<ReturnType<Parts[P][F]>> : never> {
  return page.evaluate(
    ([partName, functionName, values]) => {
      const functions = window.benchPart as Record<string, Record<string, Callable>>
      const run = functions[partName]?.[functionName]
      if (run === undefined) throw new Error(`no function ${partName}.${functionName}`)
      return run(...(values as never[])) as never
    },
    [part, name, args] as [string, string, unknown[]],
  )
}
