/** The secret that tokens are signed with: given, read from a file, or made once for development. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bytesToHex, UniverseError } from '@inner-universe/core'
import { type RelayConfig, SECRET_CHARACTERS_MIN } from './config.ts'

/**
 * The relay's secret. Where none is configured, one is made in the data directory, for its owner only.
 *
 * @throws UniverseError `relay/config-invalid` when the file is missing or too short.
 */
export function readSecret(
  config: Pick<RelayConfig, 'secret' | 'secretFile' | 'dataDir' | 'storage'>,
  randomBytes: (count: number) => Uint8Array,
): string {
  if (config.secret !== undefined) return config.secret
  if (config.storage === 'memory' && config.secretFile === undefined) {
    return bytesToHex(randomBytes(32))
  }
  const path = config.secretFile ?? join(config.dataDir, 'secret')
  if (config.secretFile === undefined && !existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, `${bytesToHex(randomBytes(32))}\n`, { mode: 0o600, flag: 'wx' })
  }
  if (!existsSync(path)) {
    throw new UniverseError(
      'relay/config-invalid',
      `the relay's configuration: "secretFile" is ${path}, which is not there; create it or check the path`,
    )
  }
  const secret = readFileSync(path, 'utf8').trim()
  if (secret.length < SECRET_CHARACTERS_MIN) {
    throw new UniverseError(
      'relay/config-invalid',
      `the relay's configuration: the secret in ${path} is shorter than ${SECRET_CHARACTERS_MIN} characters; make a longer one`,
    )
  }
  return secret
}
