/** Runs a listener. Its fault is the app's: it surfaces as any uncaught error, and the others go on. */
export function callSafely(run: () => void): void {
  try {
    run()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
