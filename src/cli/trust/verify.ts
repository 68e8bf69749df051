import { type AttestationReport, verifyAttestation } from '#assurance/attestations'
import { rfc3339 } from '#kernel/clock'
import { type Context, exit, type ExitCode } from '../command.ts'
import { readBytes, readGivenKeys } from '../log/given-keys.ts'

export async function verifyFile(context: Context, file: string): Promise<ExitCode> {
  const report = verifyAttestation(await readBytes(file), await readGivenKeys(context))
  const isPast = report.holds_until !== null && report.holds_until < rfc3339(context.clock.now())
  context.answer({ ...report, is_past: isPast }, describe(report, isPast))
  return report.ok ? exit.ok : exit.failed
}

function describe(report: AttestationReport, isPast: boolean): string {
  const { ok, claim, state, installation, as_of, holds_until, why, key, key_id } = report
  if (!ok) return ['✕ the attestation does not verify', `  why   ${why}`, `  key   ${key}`].join('\n')
  return [
    '● the attestation verifies',
    `  claim         ${claim}`,
    `  state         ${state}`,
    `  as of         ${as_of}`,
    `  holds until   ${holds_until ?? 'no check has looked'}${isPast ? ', which is past: ask for a newer one' : ''}`,
    `  installation  ${installation}`,
    `  key           ${key}${key_id === null ? '' : ` (${key_id})`}`,
    '',
    'It proves that the holder of this key said so, and that nobody changed it since. It does not prove that the checks look',
    'at the right thing: the file names their source, and the offence that each of them saw when it was planted.',
  ].join('\n')
}
