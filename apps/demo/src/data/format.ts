/** Numbers, sizes and times as people read them. */

const number = new Intl.NumberFormat('en')
const decimal = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

/** `117,791`. */
export function formatCount(count: number): string {
  return number.format(count)
}

/** `1 relation`, `2,000 relations`. */
export function formatPlural(count: number, one: string, many: string = `${one}s`): string {
  return `${number.format(count)} ${count === 1 ? one : many}`
}

/** `182.4 MB`, in powers of 1000 as browsers show file sizes. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${decimal.format(value)} ${units[unit]}`
}

/** `12 s`, `1 min 5 s`. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 10) return `${decimal.format(seconds)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** Date and time to the minute, in the reader's language. */
export function formatDateTime(ms: number): string {
  return dateTime.format(ms)
}

/** Time of day to the second for today, date and time otherwise. */
export function formatMoment(ms: number, nowMs: number): string {
  const isToday = new Date(ms).toDateString() === new Date(nowMs).toDateString()
  return isToday ? time.format(ms) : dateTime.format(ms)
}

/** `0.4 ms`, `12 ms`: what a patch takes. */
export function formatPatchMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}
