/** Which version of the protocol this is. */

/**
 * Version of `iu-sync` that both sides speak, told in `hello` and `welcome`. Raise it when the bytes
 * or the meaning of a message change, with a line in PROTOCOL.md's version history.
 */
export const PROTOCOL_VERSION = 1

/** Name of the protocol in a WebSocket's handshake. Versions are agreed on in `hello`. */
export const SUBPROTOCOL = 'iu-sync.v1'
