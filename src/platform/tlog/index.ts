/**
 * Tlog: a transparency log by the C2SP specifications, so that verifiers by other authors work.
 * Promises: RFC 6962 trees kept as tiles, proofs, checkpoints signed with Ed25519 and ML-DSA-44, witnesses' cosignatures,
 * proofs and exports that are verified offline; verifying hashes everything and finds one changed byte.
 * Refuses: any second spelling of the same bytes; a checkpoint that one of the given keys has not signed, or of another
 * log than its key; a log key that signed twice.
 * Needs: nothing. No database, no clock, no network; times are handed in.
 */
export { TlogError } from './malformed.ts'
export { emptyRoot, hashBytes, hashLeaf, hashNode } from './hash.ts'
export {
  joinBundle,
  maxEntryBytes,
  parseTilePath,
  splitBundle,
  type Tile,
  type TilePlace,
  tilePath,
  tileWidth,
  widthAt,
} from './tiles.ts'
export { type Edge, foldEdge, type HashReader, readEdge, readRoot } from './tree.ts'
export { type Appended, appendLeaves } from './append.ts'
export {
  type ConsistencyClaim,
  type InclusionClaim,
  makeConsistency,
  makeInclusion,
  verifyConsistency,
  verifyInclusion,
} from './proof.ts'
export { formatNote, type Note, type NoteSignature, openNote, parseNote, type Verifier } from './note.ts'
export {
  createLogSigners,
  createSigner,
  formatVkeys,
  type LogVerifier,
  newSeed,
  parseVkey,
  parseVkeys,
  type SignatureType,
  type Signer,
} from './keys.ts'
export { type Jwk, toJwk, toPem } from './public-key.ts'
export { type Checkpoint, formatCheckpoint, parseCheckpoint } from './checkpoint-text.ts'
export { cosignCheckpoint, openCheckpoint, signCheckpoint } from './checkpoint.ts'
export { type Cosignature, readCosignatures } from './witnessed.ts'
export {
  type AddCheckpoint,
  formatAddCheckpoint,
  parseAddCheckpoint,
  readWitnessAnswer,
  sizeContentType,
  type WitnessAnswer,
} from './add-checkpoint.ts'
export { formatPolicy, isWitnessed, parsePolicy, type WitnessPolicy } from './witness-policy.ts'
export { formatProof, parseProof, type ProofVerdict, type TlogProof, verifyProof } from './tlog-proof.ts'
export {
  commitTo,
  type Entry,
  makeEntry,
  makeEntryBytes,
  newSalt,
  parseEntry,
  saltBytes,
  verifyContent,
} from './entry.ts'
export { type Exported, type ExportedEntry, type ExportSource, writeExport } from './write-export.ts'
export { type ExportReport, verifyExport, type VerifyOptions } from './verify-export.ts'
