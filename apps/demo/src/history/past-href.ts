/** Addresses of the graph as it was. */

/** As of a version, the whole or one entity. */
export function pastHref(version: string, entityId?: string): string {
  const whole = `/history/at/${version}`
  return entityId === undefined ? whole : `${whole}/entity/${entityId}`
}

/** The page with one version chosen. */
export function historyHref(version: string): string {
  return `/history?version=${version}`
}

/** Where a branch is worked on. */
export function draftHref(branch: string): string {
  return `/history/draft?branch=${encodeURIComponent(branch)}`
}
