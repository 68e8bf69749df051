import Type from 'typebox'
import { wireIdPattern } from '#kernel/id'

const closed = { additionalProperties: false } as const
const time = (description: string) => Type.String({ format: 'date-time', description })
const count = (description: string) => Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })

const Size = count('How many entries.')
const Root = Type.String({ description: 'Root of the tree (RFC 6962), base64.' })

export const Status = Type.Object(
  {
    origin: Type.String({ description: 'Name of the log in its checkpoints.' }),
    size: Size,
    checkpoint: Type.Union([
      Type.Object({ size: Size, root: Root, signed_at: time('When.') }, { ...closed, title: 'LogCheckpoint' }),
      Type.Null(),
    ]),
    public: Type.Boolean({ description: 'Whether anybody may read the tiles at /log/{tenant_id}.' }),
  },
  { ...closed, title: 'LogStatus' },
)

export const Visibility = Type.Object(
  { public: Type.Boolean({ description: 'True: anybody reads checkpoints, tiles and keys at /log/{tenant_id}.' }) },
  { ...closed, title: 'LogVisibility' },
)

const Jwk = Type.Object(
  {
    kty: Type.String({ enum: ['OKP', 'AKP'] }),
    crv: Type.Optional(Type.String()),
    x: Type.Optional(Type.String()),
    pub: Type.Optional(Type.String()),
    alg: Type.String(),
    use: Type.String(),
    kid: Type.String(),
    iat: Type.Optional(
      Type.Integer({ description: 'Seconds since 1970: when it was made. Keys of attestations only.' }),
    ),
    exp: Type.Optional(Type.Integer({ description: 'Seconds since 1970: from then on it signs nothing any more.' })),
  },
  { ...closed, title: 'Jwk' },
)
export const KeySet = Type.Object({ keys: Type.Array(Jwk) }, { ...closed, title: 'JsonWebKeySet' })

export const LogKeys = Type.Object(
  {
    origin: Type.String(),
    keys: Type.Array(
      Type.Object(
        {
          version: Type.Integer(),
          state: Type.String({ enum: ['current', 'retired', 'announced'] }),
          vkeys: Type.String({ description: 'Verifier keys, one a line (C2SP signed-note), Ed25519 first.' }),
          sha256: Type.String({ description: 'Digest of `vkeys`, as the announcement in the trail names it.' }),
          jwks: Type.Array(Jwk),
          pem: Type.Array(Type.String()),
          first_size: Type.Union([Size, Type.Null()], { description: 'Size of the first checkpoint that it signed.' }),
          announced_in: Type.Union([Type.String({ pattern: wireIdPattern('audit') }), Type.Null()], {
            description: 'Row of the trail that announced it, covered by a checkpoint of the key before it.',
          }),
          created_at: time('When it was made.'),
        },
        { ...closed, title: 'LogKey' },
      ),
      { description: 'Oldest first.' },
    ),
  },
  { ...closed, title: 'LogKeys' },
)

const Entry = Type.Object(
  {
    index: count('Place in the log.'),
    id: Type.String({ description: 'Wire id of the row it stands for.' }),
    at: time('Time of the row.'),
    type: Type.String({ description: 'Noun and verb, such as decision.created.' }),
    commit: Type.String({ description: 'SHA-256 of salt and content, hex.' }),
    salt: Type.Union([Type.String(), Type.Null()], { description: 'Hex; null once the content is erased.' }),
    content: Type.Union([Type.String(), Type.Null()], { description: 'Canonical JSON; null once erased.' }),
  },
  { ...closed, title: 'LogEntry' },
)
export const EntryPage = Type.Object(
  {
    data: Type.Array(Entry, { description: 'Oldest first.' }),
    next_after: count('Send as `after` for what follows.'),
  },
  { ...closed, title: 'LogEntryPage' },
)

const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Entries at most.' }))
const wait = Type.Optional(
  Type.Integer({ minimum: 0, maximum: 10, default: 0, description: 'Seconds to wait for an entry if there is none.' }),
)
export const EntryQuery = Type.Object(
  {
    after: Type.Optional(count('How many entries you have: the first of the answer is the one at this index.')),
    limit,
    wait_seconds: wait,
  },
  closed,
)

export const ProofParams = Type.Object(
  {
    id: Type.String({
      pattern: '^(tr|aud)_[0-9a-f]{32}$',
      description: 'Id of a decision, or of a row of the trail.',
    }),
  },
  closed,
)
export const CheckpointQuery = Type.Object(
  {
    witnessed: Type.Optional(
      Type.Boolean({ description: 'true: the newest that as many witnesses have cosigned as the quorum asks for.' }),
    ),
  },
  closed,
)
export const ConsistencyQuery = Type.Object(
  {
    from: { ...count('Size of the smaller tree, at least 1.'), examples: [1] },
    to: { ...count('Size of the larger tree.'), examples: [2] },
  },
  closed,
)
export const Consistency = Type.Object(
  {
    from: Size,
    to: Size,
    proof: Type.Array(Type.String(), { description: 'Hashes of RFC 6962 section 2.1.2, base64.' }),
  },
  { ...closed, title: 'LogConsistency' },
)

const name = Type.String({
  pattern: '^[a-z0-9][a-z0-9_-]{0,62}$',
  description: 'A word of yours.',
  examples: ['archive'],
})
export const FollowerParams = Type.Object({ name }, closed)
export const Follower = Type.Object(
  {
    name,
    position: count('How many entries it has: the next one is at this index.'),
    created_at: time('When it was made.'),
    moved_at: time('When it last moved.'),
  },
  { ...closed, title: 'LogFollower' },
)
export const Followers = Type.Object({ data: Type.Array(Follower) }, { ...closed, title: 'LogFollowers' })
export const NewFollower = Type.Object(
  { position: Type.Optional(count('Where it begins; the end of the log unless told.')) },
  { ...closed, title: 'NewLogFollower', examples: [{ position: 0 }] },
)
export const Acknowledgement = Type.Object(
  { from: count('Where the follower stands.'), to: count('Entries before this index are done.') },
  { ...closed, title: 'LogAcknowledgement', examples: [{ from: 0, to: 1 }] },
)
export const FollowerEntryQuery = Type.Object({ limit, wait_seconds: wait }, closed)

export const TileParams = Type.Object(
  {
    '*': Type.String({
      maxLength: 200,
      description: 'As C2SP tlog-tiles has it: `0/x001/067`, `entries/000.p/12`.',
      examples: ['0/000.p/1'],
    }),
  },
  closed,
)
export const PublicParams = Type.Object({ tenant_id: Type.String({ pattern: wireIdPattern('tenant') }) }, closed)
export const PublicTileParams = Type.Object({ ...PublicParams.properties, ...TileParams.properties }, closed)
export const Bytes = Type.Unsafe<Uint8Array>({ type: 'string', format: 'binary' })
export const Nothing = Type.Null()
