/** Where a file belongs, and where an import leads. */
import { layers, type Layer, type Place } from '../../architecture.ts'

export type Home = {
  layer: Layer
  /** Name of the module inside the layer, when the layer has modules. */
  module: string | undefined
  /** The folder that relative imports stay inside, or the file itself where the layer is one file. */
  folder: string
}

export function isIn(path: string, place: Place): boolean {
  if (place.endsWith('/')) return path.startsWith(place)
  return place.includes('/') ? path === place : path.endsWith(`/${place}`)
}

export const isTest = (path: string): boolean => path.endsWith('.test.ts')

/** The layer and module of a file under src/, or `undefined` where architecture.ts knows no such place. */
export function locate(path: string): Home | undefined {
  const layer = layers.find(({ at }) => isIn(path, at) || (at.endsWith('.ts') && path === at.replace(/ts$/, 'test.ts')))
  if (!layer) return undefined
  if (layer.modules === 'none') return { layer, module: undefined, folder: layer.at }
  const [module, ...rest] = path.slice(layer.at.length).split('/')
  if (module === undefined || rest.length === 0) return undefined
  if (layer.modules !== 'apart' && !layer.modules.includes(module)) return undefined
  return { layer, module, folder: `${layer.at}${module}/` }
}

/** The file that a `#…` specifier means by package.json's imports map; a star stands for one word, never for a path. */
export function resolveFace(specifier: string, importsMap: Readonly<Record<string, string>>): string | undefined {
  const exact = importsMap[specifier]
  if (exact !== undefined) return exact.replace(/^\.\//, '')
  for (const [pattern, target] of Object.entries(importsMap)) {
    const [head = '', tail] = pattern.split('*')
    if (tail === undefined || !specifier.startsWith(head) || !specifier.endsWith(tail)) continue
    const word = specifier.slice(head.length, specifier.length - tail.length)
    if (/^[a-z0-9-]+$/.test(word)) return target.replace(/^\.\//, '').replace('*', word)
  }
  return undefined
}

/** Is this file a door: a module's index.ts, any file of the kernel, or a layer that is one file? */
export function isFace(path: string, home: Home): boolean {
  return home.layer.name === 'kernel' || path === home.folder || path === `${home.folder}index.ts`
}
