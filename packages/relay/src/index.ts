export { createTokenVerifier, type TokenVerifier, type TokenVerifierOptions } from './auth.ts'
export {
  type ConfigSources,
  loadConfig,
  parseConfig,
  type RelayConfig,
  type RelayConfigInput,
  type RelayLimits,
  type Retention,
  type YjsConfig,
} from './config.ts'
export { openRevocations, type RevocationList, type Revocations } from './revocations.ts'
export { type RunningRelay, startRelay } from './server.ts'
export { createToken, type NewToken, parseDurationMs } from './tokens.ts'
