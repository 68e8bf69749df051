/** What a witness did last, in a word, and what that means for whoever added it. */
export const states = {
  new: 'It was not asked yet. It is asked within seconds after a checkpoint is signed.',
  cosigned: 'It has cosigned.',
  stale:
    'It says of each size that it has cosigned another one. It may serve this log from several places that do not agree.',
  forked:
    'It has cosigned another tree of the same size. Either this log was rewritten, or the witness lies. Compare with checkpoints that others keep.',
  inconsistent:
    'It says that this tree does not continue the one that it has cosigned. Either this log was rewritten, or the witness lies. Compare with checkpoints that others keep.',
  rolled_back:
    'It has cosigned more entries than this log has. Either the log has lost entries, as after restoring a backup, or the witness lies.',
  lying:
    'It said that it has cosigned, and its answer does not show that. Is the verifier key the one that it uses now?',
  unknown_origin: 'It does not know this log. Give its operator the verifier keys at GET /v1/log/keys.',
  unsigned:
    'It does not know the keys that sign this log now. Give its operator the verifier keys at GET /v1/log/keys.',
  unusable: 'It answered with nothing that the protocol has.',
  absent: 'It did not answer.',
} as const
export type WitnessState = keyof typeof states

export const isWitnessState = (word: string): word is WitnessState => Object.hasOwn(states, word)

/** It contradicts what this log has signed, or itself: somebody has to look. */
export const isDisagreement = (state: WitnessState): boolean =>
  state === 'forked' || state === 'inconsistent' || state === 'rolled_back' || state === 'lying'
