/**
 * Who issues payment cards: first and last four-digit prefix (ISO/IEC 7812, as the schemes publish them, 2026) and how
 * many digits that brand's numbers have. Left out: UATP (1…), which would take one in ten of all 15-digit numbers.
 */
type Issuer = { brand: string; from: number; to: number; lengths: readonly number[] }

const sixteenUp = [16, 17, 18, 19]
const dinersLengths = [14, 15, ...sixteenUp]
const maestroLengths = [12, 13, ...dinersLengths]

const issuers: readonly Issuer[] = [
  { brand: 'visa', from: 4000, to: 4999, lengths: [13, 16, 19] },
  { brand: 'mastercard', from: 5100, to: 5599, lengths: [16] },
  { brand: 'mastercard', from: 2221, to: 2720, lengths: [16] },
  { brand: 'amex', from: 3400, to: 3499, lengths: [15] },
  { brand: 'amex', from: 3700, to: 3799, lengths: [15] },
  { brand: 'discover', from: 6011, to: 6011, lengths: sixteenUp },
  { brand: 'discover', from: 6440, to: 6599, lengths: sixteenUp },
  { brand: 'diners', from: 3000, to: 3059, lengths: dinersLengths },
  { brand: 'diners', from: 3095, to: 3095, lengths: dinersLengths },
  { brand: 'diners', from: 3600, to: 3699, lengths: [14] },
  { brand: 'diners', from: 3800, to: 3999, lengths: dinersLengths },
  { brand: 'jcb', from: 3528, to: 3589, lengths: sixteenUp },
  { brand: 'unionpay', from: 6200, to: 6299, lengths: sixteenUp },
  { brand: 'unionpay', from: 8100, to: 8199, lengths: sixteenUp },
  { brand: 'maestro', from: 5018, to: 5018, lengths: maestroLengths },
  { brand: 'maestro', from: 5020, to: 5020, lengths: maestroLengths },
  { brand: 'maestro', from: 5038, to: 5038, lengths: maestroLengths },
  { brand: 'maestro', from: 5893, to: 5893, lengths: maestroLengths },
  { brand: 'maestro', from: 6304, to: 6304, lengths: maestroLengths },
  { brand: 'maestro', from: 6759, to: 6759, lengths: maestroLengths },
  { brand: 'maestro', from: 6761, to: 6763, lengths: maestroLengths },
  { brand: 'dankort', from: 5019, to: 5019, lengths: [16] },
  { brand: 'rupay', from: 6000, to: 6099, lengths: [16] },
  { brand: 'rupay', from: 8200, to: 8299, lengths: [16] },
  { brand: 'rupay', from: 5080, to: 5089, lengths: [16] },
  { brand: 'mir', from: 2200, to: 2204, lengths: sixteenUp },
  { brand: 'troy', from: 9792, to: 9792, lengths: [16] },
  { brand: 'verve', from: 5060, to: 5061, lengths: [16, 18, 19] },
  { brand: 'verve', from: 5078, to: 5079, lengths: [16, 18, 19] },
]

/** Is this run of digits a number of a known issuer: its prefix, that brand's length, and the Luhn check digit? */
export function isCardNumber(digits: string): boolean {
  const prefix = Number(digits.slice(0, 4))
  return (
    issuers.some(({ from, to, lengths }) => prefix >= from && prefix <= to && lengths.includes(digits.length)) &&
    passesLuhn(digits)
  )
}

/** ISO/IEC 7812-1 annex B. */
function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let at = digits.length - 1, double = false; at >= 0; at--, double = !double) {
    const digit = digits.charCodeAt(at) - 0x30
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0
}
