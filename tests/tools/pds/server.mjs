// A PDS and a directory of identities in memory, on loopback alone: node server.mjs PORT DIRECTORY_PORT FOLDER
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Server } from 'node:net'
import { join } from 'node:path'

const [port, directoryPort, folder] = process.argv.slice(2)

// neither of them can be told which address to listen on
const listen = Server.prototype.listen
Server.prototype.listen = function (first, ...rest) {
  const bare = typeof first === 'number' && typeof rest[0] !== 'string'
  return bare ? listen.call(this, first, '127.0.0.1', ...rest) : listen.call(this, first, ...rest)
}

const { Database, PlcServer } = createRequire(import.meta.url)('@did-plc/server')
const directory = PlcServer.create({ db: Database.mock(), port: Number(directoryPort) })
await directory.start()

const secret = (bytes) => randomBytes(bytes).toString('hex')
const blobs = join(folder, 'blobs')
mkdirSync(blobs, { recursive: true })
Object.assign(process.env, {
  PDS_ADMIN_PASSWORD: secret(16),
  PDS_BLOBSTORE_DISK_LOCATION: blobs,
  PDS_DATA_DIRECTORY: folder,
  PDS_DEV_MODE: 'true',
  PDS_DID_PLC_URL: `http://127.0.0.1:${directoryPort}`,
  PDS_DISABLE_SSRF_PROTECTION: 'true',
  PDS_DPOP_SECRET: secret(32),
  PDS_HOSTNAME: 'localhost',
  PDS_INVITE_REQUIRED: 'false',
  PDS_JWT_SECRET: secret(16),
  PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: secret(32),
  PDS_PORT: port,
  PDS_RATE_LIMITS_ENABLED: 'false',
  PDS_REPO_SIGNING_KEY_K256_PRIVATE_KEY_HEX: secret(32),
  LOG_ENABLED: '0',
})
const { PDS, envToCfg, envToSecrets, readEnv } = await import('@atproto/pds')
const settings = readEnv()
const server = await PDS.create(envToCfg(settings), envToSecrets(settings))
await server.start()
console.log('ready')
