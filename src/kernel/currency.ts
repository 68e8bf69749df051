/**
 * Money is an integer of minor units and an ISO 4217 code. The exponents are ISO 4217's table (2026): two digits
 * unless listed. Codes without a minor unit (precious metals, funds, testing) are not accepted for payments.
 */
const codes = new Set(
  (
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY ' +
    'COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ' +
    'ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK ' +
    'MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF ' +
    'SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU ' +
    'UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG'
  ).split(' '),
)
const otherExponents: Record<string, number> = {
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
} // prettier-ignore

export type Money = { minor: number; currency: string }

/** Largest amount: 10^12 minor units. Sums stay exact in a double, and no amount has the length of a card number. */
export const maxMinor = 1e12

export const isCurrency = (code: string): boolean => codes.has(code)
export const currencyExponent = (code: string): number => otherExponents[code] ?? 2

/**
 * Minor units of a decimal in major units, or `undefined` if it is not a plain non-negative decimal that fits the
 * currency's exponent and `maxMinor`. A number is read by its shortest form, so 0.1 + 0.2 is refused.
 */
export function parseMajor(amount: string | number, currency: string): number | undefined {
  const match = /^(\d{1,16})(?:\.(\d{1,12}))?$/.exec(String(amount))
  if (!match) return undefined
  const exponent = currencyExponent(currency)
  const fraction = match[2] ?? ''
  if (fraction.length > exponent && /[1-9]/.test(fraction.slice(exponent))) return undefined
  const minor = Number((match[1] ?? '') + fraction.slice(0, exponent).padEnd(exponent, '0'))
  return minor <= maxMinor ? minor : undefined
}

/** `34999`, `EUR` → `349.99`. */
export function formatMajor(minor: number | bigint, currency: string): string {
  const exponent = currencyExponent(currency)
  const digits = String(minor).padStart(exponent + 1, '0')
  return exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}
