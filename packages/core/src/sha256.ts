/**
 * SHA-256 (FIPS 180-4) over bytes, synchronous.
 *
 * WebCrypto only gives a promise, and nothing can be awaited inside a transaction: deterministic ids
 * (`id.ts`), hash chains and digests are computed there. Where waiting is possible and the input is
 * large, WebCrypto is quicker. Cost: about 1 µs per block of 64 bytes.
 */

const ROUND_CONSTANTS = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
)

const INITIAL_STATE = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
)

const BLOCK_BYTES = 64

/** The message schedule. Shared: a block is processed without interruption. */
const schedule = new Int32Array(64)

/** A digest under way. */
export interface Sha256 {
  /** Adds bytes. They are read before it returns. Gives itself. */
  update(bytes: Uint8Array): Sha256
  /** The 32 bytes of the digest of everything added. Ends the digest: not to be used after. */
  digest(): Uint8Array<ArrayBuffer>
}

/** The SHA-256 digest of bytes: 32 bytes, the caller's own. */
export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return createSha256().update(bytes).digest()
}

/** Starts a digest of bytes that come in parts. */
export function createSha256(): Sha256 {
  const state = INITIAL_STATE.slice()
  const block = new Uint8Array(BLOCK_BYTES)
  let byteCount = 0
  const hash: Sha256 = {
    update(bytes) {
      let offset = 0
      const held = byteCount % BLOCK_BYTES
      byteCount += bytes.length
      if (held > 0) {
        offset = Math.min(BLOCK_BYTES - held, bytes.length)
        block.set(bytes.subarray(0, offset), held)
        if (held + offset < BLOCK_BYTES) return hash
        compress(state, block, 0)
      }
      for (; offset + BLOCK_BYTES <= bytes.length; offset += BLOCK_BYTES) {
        compress(state, bytes, offset)
      }
      block.set(bytes.subarray(offset))
      return hash
    },
    digest() {
      // Padding: one bit, zeros, and the length in bits as 64-bit big-endian at the block's end.
      const held = byteCount % BLOCK_BYTES
      block[held] = 0x80
      block.fill(0, held + 1)
      if (held + 1 > BLOCK_BYTES - 8) {
        compress(state, block, 0)
        block.fill(0)
      }
      writeWord(block, 56, byteCount / 0x20000000)
      writeWord(block, 60, byteCount << 3)
      compress(state, block, 0)
      const digest = new Uint8Array(32)
      for (let index = 0; index < 8; index++) writeWord(digest, 4 * index, state[index] as number)
      return digest
    },
  }
  return hash
}

/** Writes 32 bits, highest byte first. By hand: a DataView costs more than the whole of a block. */
function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24
  bytes[at + 1] = word >>> 16
  bytes[at + 2] = word >>> 8
  bytes[at + 3] = word
}

/** Works one block into the state (FIPS 180-4, 6.2.2). */
function compress(state: Int32Array, bytes: Uint8Array, offset: number): void {
  const w = schedule
  for (let t = 0, at = offset; t < 16; t++, at += 4) {
    w[t] =
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)
  }
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15] as number
    const y = w[t - 2] as number
    const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[t] = (((w[t - 16] as number) + small0) | 0) + (((w[t - 7] as number) + small1) | 0)
  }
  let a = state[0] as number
  let b = state[1] as number
  let c = state[2] as number
  let d = state[3] as number
  let e = state[4] as number
  let f = state[5] as number
  let g = state[6] as number
  let h = state[7] as number
  for (let t = 0; t < 64; t++) {
    const large1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const choice = (e & f) ^ (~e & g)
    const added = ((ROUND_CONSTANTS[t] as number) + (w[t] as number)) | 0
    const t1 = (((h + large1) | 0) + ((choice + added) | 0)) | 0
    const large0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + ((large0 + majority) | 0)) | 0
  }
  state[0] = (state[0] as number) + a
  state[1] = (state[1] as number) + b
  state[2] = (state[2] as number) + c
  state[3] = (state[3] as number) + d
  state[4] = (state[4] as number) + e
  state[5] = (state[5] as number) + f
  state[6] = (state[6] as number) + g
  state[7] = (state[7] as number) + h
}
