/** Signals by name, declared once; and one event's signals, checked and put in order, to be read by many expressions. */
import { intRange, settle, uintRange } from './integers.ts'
import { formatKind, type Kind, parseKind } from './kind.ts'
import { span, stamp } from './time.ts'
import { CelError, isList, isMap, isMapKey, type MapKey, type Value } from './value.ts'

export type SignalDeclaration = {
  /** As in `double`, `list(string)`, `map(string, int)`. */
  type: string
  unit?: string
  /** One sentence for the reference. */
  means: string
  /** Whether the subject could have chosen it otherwise. */
  actionable?: boolean
  /** What measuring it costs, in the unit of whoever measures. */
  cost?: number
}
export type Declared = SignalDeclaration & {
  readonly name: string
  readonly kind: Kind
  readonly slot: number
  readonly plain: string | undefined
}

/** One event's values by slot; undefined where a signal was not measured. */
export type Frame = readonly (Value | undefined)[]
export type Bound = { readonly declarations: Declarations; readonly values: Frame }
export type SignalValues = { readonly [name: string]: Value | undefined }

export type Declarations = {
  readonly signals: readonly Declared[]
  find(name: string): Declared | undefined
  /** Names that are not declared are ignored; a value of another kind than declared throws. */
  bind(values: SignalValues): Bound
}

const name = /^[a-z_]\w*(?:\.[a-z_]\w*)*$/i

export function declare(signals: Readonly<Record<string, SignalDeclaration>>): Declarations {
  const declared = Object.entries(signals).map(([signal, declaration], slot): Declared => {
    const kind = parseKind(declaration.type)
    if (!name.test(signal) || signal in Object.prototype) throw new TypeError(`not a name for a signal: ${signal}`)
    if (kind === undefined) throw new TypeError(`not the type of a signal: ${declaration.type}`)
    const plain = typeof kind === 'string' ? plainTypes[kind] : undefined
    return { ...declaration, name: signal, kind, slot, plain }
  })
  const byName = new Map(declared.map((signal) => [signal.name, signal]))
  const declarations: Declarations = {
    signals: declared,
    find: (signal) => byName.get(signal),
    bind(values) {
      const frame: (Value | undefined)[] = []
      for (const signal of declared) {
        const value = values[signal.name]
        const isPlain = value === undefined || typeof value === signal.plain
        frame.push(isPlain ? value : admit(value, signal))
      }
      return { declarations, values: frame }
    },
  }
  return declarations
}

/** Kinds of which every JavaScript value of a type is a value. */
const plainTypes: Readonly<Record<string, string>> = { bool: 'boolean', double: 'number', string: 'string' }

/** The value in the one form that its kind has. */
function admit(value: Value, { kind, name }: Declared): Value {
  if (kind === 'int' && typeof value === 'number' && Number.isSafeInteger(value)) return value + 0
  const fitted = fit(value, kind)
  if (fitted === undefined) throw new TypeError(`the signal ${name} is not of type ${formatKind(kind)}`)
  return fitted
}

function fit(value: Value, kind: Kind): Value | undefined {
  if (typeof kind === 'string') return fitScalar(value, kind)
  if ('list' in kind) {
    if (!isList(value)) return undefined
    const items = value.map((item) => fit(item, kind.list))
    return items.every((item) => item !== undefined) ? items : undefined
  }
  if (!isMap(value) || kind.key === 'nothing') return undefined
  const entries = new Map<MapKey, Value>()
  for (const [key, item] of value) {
    const [fittedKey, fitted] = [fitScalar(key, kind.key), fit(item, kind.map)]
    if (fitted === undefined || fittedKey === undefined || !isMapKey(fittedKey)) return undefined
    entries.set(fittedKey, fitted)
  }
  return entries
}

function fitScalar(value: Value, kind: Kind): Value | undefined {
  if (kind === 'int' || kind === 'uint') {
    const { low, high } = kind === 'int' ? intRange : uintRange
    const exact = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
    return typeof exact === 'bigint' && exact >= low && exact <= high ? settle(exact) : undefined
  }
  if (kind === 'timestamp' || kind === 'duration') {
    const checked = typeof value !== 'bigint' ? undefined : kind === 'timestamp' ? stamp(value) : span(value)
    return checked instanceof CelError ? undefined : checked
  }
  if (kind === 'null') return value === null ? null : undefined
  if (kind === 'double') return typeof value === 'number' ? value : undefined
  if (kind === 'bool') return typeof value === 'boolean' ? value : undefined
  return kind === 'string' && typeof value === 'string' ? value : undefined
}
