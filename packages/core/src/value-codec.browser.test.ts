/**
 * The same tests in a real browser: what they lean on (text codec, well-formedness, number texts,
 * integer arithmetic) is the platform's, and the bytes must be the same everywhere.
 */
import './value-codec.test.ts'
