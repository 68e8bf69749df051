/** docs/promises.md, made from the register of claims and the controls of all modules. */
import { type CheckKind, gatherClaims, type GatheredClaim, groupNames, groups, keeperNames } from '#assurance/claims'
import type { Check, Control } from '#kernel/control'

const kinds: Readonly<Record<CheckKind, string>> = {
  auto: 'by code that runs',
  record: 'by a dated record',
  both: 'by code that runs and a dated record',
}

export function renderPromises(controls: readonly Control[]): string {
  const claims = gatherClaims(controls)
  const checked = claims.filter(({ checks }) => checks.length > 0)
  const sections = groups.map((group) => {
    const members = claims.filter((claim) => claim.group === group)
    return `## ${groupNames[group].en}\n\n${members.map(renderClaim).join('\n\n')}`
  })
  return `# Promises

This page is generated from the register of claims and the controls of all modules by \`npm run generate\`.

Every promise that Vouch is written to keep, who keeps it, what looks at it, and the tests that prove it. ${claims.length} claims; ${checked.length} have a
check that runs by itself, with ${checked.flatMap(({ checks }) => checks).length} checks together. A claim without one is planned, or waits for a record. How each claim
stands on an installation is shown by \`vouch claims\`; [trust/attestations.md](trust/attestations.md) says what a state means.

Each check also looks at an offence that is planted for it, with the same code. If it does not see that, its word counts for nothing.

${sections.join('\n\n')}
`
}

function renderClaim({ id, sentence, keptBy, check, checks, tests, lacks }: GatheredClaim): string {
  const lines = [
    `### ${id}`,
    '',
    sentence.en,
    '',
    `Kept by ${keptBy.map((keeper) => keeperNames[keeper].en).join(' and ')}; shown ${kinds[check]}.`,
  ]
  if (checks.length > 0) lines.push('', ...checks.map(renderCheck))
  if (lacks.length > 0) lines.push('', ...lacks.map(({ en }) => `Not shown yet, so the claim is not verified: ${en}`))
  if (tests.length > 0) lines.push('', 'Tests:', '', ...tests.map((name) => `- "${name}"`))
  if (checks.length === 0 && tests.length === 0) lines.push('', 'Nothing in the code keeps it yet.')
  return lines.join('\n')
}

const renderCheck = ({ id, version, what, cadenceMs, planted }: Check): string =>
  `- \`${id}\` ${version}, ${everyOf(cadenceMs)}. ${what.en} Planted: ${planted.what.en}.`

function everyOf(cadenceMs: number): string {
  const minutes = cadenceMs / 60_000
  if (minutes < 60) return `every ${minutes} minutes`
  return minutes === 60 ? 'every hour' : `every ${minutes / 60} hours`
}
