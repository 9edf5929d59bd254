export { CHROMIUM_ARGS, type ChromiumHost, ensureChromium, findChromium } from './chromium.ts'
export { findFreePort } from './free-port.ts'
export {
  ensurePostgres,
  findPostgres,
  type PostgresHost,
  startTestPostgres,
  type TestPostgres,
} from './test-postgres.ts'
