import Type from 'typebox'
import { mostWitnesses } from './admit.ts'
import { states } from './states.ts'

const closed = { additionalProperties: false } as const
const time = (description: string) => Type.String({ format: 'date-time', description })
const count = (description: string) => Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })
const quorum = Type.Integer({
  minimum: 0,
  maximum: mostWitnesses,
  description: 'How many witnesses must have cosigned a checkpoint; 0 asks for none.',
})

export const Witness = Type.Object(
  {
    name: Type.String({ description: 'Name of its keys.' }),
    url: Type.String({ description: 'Where it takes checkpoints.' }),
    vkeys: Type.String({ description: 'Its verifier keys, one a line.' }),
    state: Type.String({ enum: Object.keys(states), description: 'What it did last.' }),
    means: Type.String({ description: 'What that means, and what to do.' }),
    detail: Type.Union([Type.String(), Type.Null()], { description: 'More about it, if there is more.' }),
    since: time('Since when it does that.'),
    asked_at: Type.Union([time('When it was asked last.'), Type.Null()]),
    cosigned_size: count('Size of what it has cosigned last; 0 if nothing.'),
    created_at: time('When it was added.'),
  },
  { ...closed, title: 'LogWitness' },
)

export const Witnesses = Type.Object(
  {
    quorum,
    witnessed: Type.Union([
      Type.Object(
        { size: count('How many entries.'), signed_at: time('When the log signed it.') },
        { ...closed, title: 'WitnessedCheckpoint', description: 'The newest checkpoint that satisfies the quorum.' },
      ),
      Type.Null(),
    ]),
    data: Type.Array(Witness),
  },
  { ...closed, title: 'LogWitnesses' },
)

export const NewWitness = Type.Object(
  {
    vkeys: Type.String({
      minLength: 1,
      maxLength: 8_192,
      description: 'Its verifier keys, one a line: Ed25519 cosignature (0x04), ML-DSA-44 (0x06), or one of each.',
      examples: ['witness.example/w1+aa4a09d1+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs'],
    }),
    url: Type.String({
      minLength: 8,
      maxLength: 500,
      description: 'Its submission prefix: what stands before `/add-checkpoint`.',
      examples: ['https://witness.example/w1'],
    }),
  },
  { ...closed, title: 'NewLogWitness' },
)

export const Quorum = Type.Object({ quorum }, { ...closed, title: 'LogQuorum' })
export const WitnessParams = Type.Object(
  { name: Type.String({ pattern: '^\\P{Cc}{1,100}$', description: 'Name of its keys, percent-encoded.' }) },
  closed,
)
export const Nothing = Type.Null()
