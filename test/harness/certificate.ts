/** A self-signed certificate (X.509 v3, P-256), made on the spot, so that no test needs openssl or keeps a private key. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export type Certificate = { cert: string; key: string }

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))

/** `names` are DNS names; `days` from now may be negative for one that has expired. */
export function createCertificate(names: readonly string[], days = 2): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(names[0] ?? 'test')))))
  const now = Date.now()
  const end = now + days * 86_400_000
  const altNames = sequence(...names.map((one) => tlv(0x82, Buffer.from(one))))
  const extensions = [
    sequence(oid('551d13'), tlv(0x01, Buffer.of(0xff)), tlv(0x04, sequence(tlv(0x01, Buffer.of(0xff))))),
    sequence(oid('551d11'), tlv(0x04, altNames)),
  ]
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.of(2))),
    tlv(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    ecdsaWithSha256,
    name,
    sequence(time(Math.min(now, end) - 86_400_000), time(end)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    tlv(0xa3, sequence(...extensions)),
  )
  const signature = Buffer.concat([Buffer.of(0), sign('sha256', body, privateKey)])
  const der = sequence(body, ecdsaWithSha256, tlv(0x03, signature))
  const lines = der.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}

function tlv(tag: number, content: Buffer): Buffer {
  const size = Buffer.alloc(2)
  size.writeUInt16BE(content.length)
  const length = content.length < 0x80 ? Buffer.of(content.length) : Buffer.concat([Buffer.of(0x82), size])
  return Buffer.concat([Buffer.of(tag), length, content])
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts))
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'))
}

/** UTCTime, which RFC 5280 demands until 2049. */
function time(ms: number): Buffer {
  return tlv(0x17, Buffer.from(new Date(ms).toISOString().slice(2, 19).replaceAll(/[-T:]/g, '') + 'Z'))
}
