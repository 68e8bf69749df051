/** Laws about what a file imports: direction, faces, packages, network modules. */
import { posix } from 'node:path'
import { environmentHome, network, packageFree, packageHomes } from '../../architecture.ts'
import type { Note } from './laws.ts'
import { type Home, isFace, isIn, isTest, locate, resolveFace } from './places.ts'
import { findHiddenImports, type Import, readImports, type Source } from './read-source.ts'

export function judgeImports(path: string, source: Source, map: Readonly<Record<string, string>>, note: Note): void {
  const from = locate(path)
  for (const found of readImports(source)) {
    const { specifier, at } = found
    if (/^(?:\/|file:|data:|https?:)/.test(specifier)) note('faces', at, 'Imports are by name, not by address.')
    else if (specifier.startsWith('.')) judgeRelative(path, from, found, note)
    else if (specifier.startsWith('#')) judgeFace(path, from, found, map, note)
    else judgePackage(path, found, note)
  }
  for (const at of findHiddenImports(source)) {
    note('readable-imports', at, 'What is imported cannot be read here. Write `import(…)` with a plain string.')
  }
}

function judgeRelative(path: string, from: Home | undefined, { specifier, at }: Import, note: Note): void {
  const target = posix.join(posix.dirname(path), specifier)
  const isOneFile = from?.folder.endsWith('.ts') === true
  if (isOneFile && isTest(path) && target === from.folder) return
  if (from && !isOneFile && target.startsWith(from.folder)) return
  const folder = from?.folder ?? posix.dirname(path)
  note('faces', at, `"${specifier}" leaves ${folder}. Import the other module's face, as #platform/keys.`)
}

function judgeFace(
  path: string,
  from: Home | undefined,
  { specifier, at }: Import,
  map: Readonly<Record<string, string>>,
  note: Note,
): void {
  const target = resolveFace(specifier, map)
  if (target === undefined) {
    note('faces', at, `"${specifier}" is no face in package.json's imports. Only faces can be imported.`)
    return
  }
  if (target.startsWith('test/')) {
    if (!isTest(path)) note('imports-down', at, `Only tests may import "${specifier}".`)
    return
  }
  const to = locate(target)
  if (!to || !isFace(target, to)) {
    note('faces', at, `"${specifier}" reaches past a face, into ${target}. Export what is needed from index.ts.`)
    return
  }
  if (!from) return
  if (to.folder === from.folder) {
    if (from.layer.name !== 'kernel' && !isTest(path))
      note('faces', at, `"${specifier}" is this very module. Import the file.`)
    return
  }
  judgeDirection(from, to, specifier, at, note)
}

function judgeDirection(from: Home, to: Home, specifier: string, at: number, note: Note): void {
  const { layer } = from
  if (layer.name !== to.layer.name) {
    if (layer.imports.includes(to.layer.name)) return
    const below = layer.imports.join(', ') || 'nothing'
    note(
      'imports-down',
      at,
      `${layer.name} imports "${specifier}", but may import only ${below}. Have app.ts hand it over.`,
    )
    return
  }
  if (layer.modules === 'apart') {
    note('products-apart', at, `"${specifier}" is beside this module. Have app.ts connect them in one line.`)
    return
  }
  if (layer.modules === 'none') return
  if (layer.modules.indexOf(to.module ?? '') < layer.modules.indexOf(from.module ?? '')) return
  note('imports-down', at, `"${specifier}" comes after ${from.module} in architecture.ts. Have app.ts hand it over.`)
}

const outgoing = /^(?:https?|http2|tls|dgram|dns|dns\/promises|undici|axios|got|node-fetch|ws|nodemailer)$/
/** What node:net offers without connecting anywhere. */
const harmlessNet = ['isIP', 'isIPv4', 'isIPv6', 'BlockList', 'SocketAddress', 'createServer', 'Server']

function judgePackage(path: string, { specifier, at, names, isTypeOnly }: Import, note: Note): void {
  const module = specifier.replace(/^node:/, '')
  if (packageFree.some((place) => isIn(path, place)))
    note('packages', at, `Nothing below ${packageFree.join(', ')} imports a package. Use what every browser has.`)
  for (const [name, homes] of Object.entries(packageHomes)) {
    const isIt = name.endsWith('/') ? module.startsWith(name) : module === name || module.startsWith(`${name}/`)
    if (isIt && !homes.some((home) => isIn(path, home))) {
      note('packages', at, `"${specifier}" is imported only in ${homes.join(' and ')}. Use the face of that module.`)
    }
  }
  if (isTest(path)) return
  if (module === 'process' && path !== environmentHome) {
    note('environment', at, `The environment is read in ${environmentHome}. Take the setting as an argument.`)
  }
  if (/^perf_hooks$/.test(module)) note('wall-clock', at, 'Take a `Clock` as an argument.')
  const reaches = outgoing.test(module) || (module === 'net' && !names.every((name) => harmlessNet.includes(name)))
  if (!reaches || isIn(path, network.home) || path in network.exceptions) return
  const isTypeFree = isTypeOnly && (module === 'net' || network.typesOnly.some((place) => isIn(path, place)))
  if (!isTypeFree) note('network', at, `"${specifier}" can reach outside. Ask ${network.home} to do it.`)
}
